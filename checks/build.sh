#!/bin/sh
# Builds the modules:   checks/build.sh checks DIR | guests DIR
# or tells stale ones:  checks/build.sh fresh DIR
set -eu
cd "$(dirname "$0")/.."

command=$1 directory=$2
target_dir=${CARGO_TARGET_DIR:-target}/wasm
pack=${PACK:-cargo run --quiet --package checkpost -- check pack}

# Names of the folders with a crate under $1.
crates_in() {
    for manifest in "$1"/*/Cargo.toml; do
        basename "$(dirname "$manifest")"
    done
}

checks() { crates_in checks | grep -vx sdk; }

# compile PREFIX NAME…: the crates PREFIX-NAME, to core modules.
compile() {
    prefix=$1 && shift
    # shellcheck disable=SC2046 # Words on purpose.
    checks/cargo.sh build --profile wasm --locked --target-dir "$target_dir" $(printf " --package $prefix-%s" "$@")
}

# core PREFIX NAME: where the core module of a crate is.
core() { echo "$target_dir/wasm32-unknown-unknown/wasm/$(echo "$1-$2" | tr - _).wasm"; }

# install FROM TO: leaves a file that is the same alone, so that what embeds it is not built again.
install() { cmp -s "$1" "$2" || cp "$1" "$2"; }

# source_line NAME: what a check is made of and what was made of it, as a line of two digests and the name.
source_line() {
    sources=$(find "checks/$1/Cargo.toml" "checks/$1/src" checks/sdk/Cargo.toml checks/sdk/src wit -type f |
        LC_ALL=C sort | xargs sha256sum | sha256sum)
    module=$(sha256sum "$directory/$1.wasm")
    echo "${sources%% *}  ${module%% *}  $1"
}

case $command in
checks)
    # shellcheck disable=SC2046
    compile checkpost-check $(checks)
    mkdir -p "$directory"
    for name in $(checks); do
        # The packer embeds the modules that it is about to make: for its first build there must be some file.
        embedded=${CHECKPOST_PREBUILT:-checks/prebuilt}/$name.wasm
        [ -e "$embedded" ] || : > "$embedded"
    done
    for name in $(checks); do
        $pack "$(core checkpost-check "$name")" -o "$target_dir/$name.wasm"
    done
    # Installed when all are packed: each would make the packer be built again.
    for name in $(checks); do
        install "$target_dir/$name.wasm" "$directory/$name.wasm"
    done
    for name in $(checks); do source_line "$name"; done > "$directory/sources.sha256"
    ;;
guests)
    # shellcheck disable=SC2046
    compile guest $(crates_in tests/guests)
    mkdir -p "$directory"
    for name in $(crates_in tests/guests); do
        install "$(core guest "$name")" "$directory/$name.wasm"
    done
    tests/foreign-guests.sh "$directory"
    ;;
fresh)
    status=0
    for name in $(checks); do
        if ! grep -qxF "$(source_line "$name")" "$directory/sources.sha256"; then
            echo "$directory/$name.wasm was not built from its sources: run 'make checks' and commit $directory" >&2
            status=1
        fi
    done
    exit $status
    ;;
*)
    echo "usage: checks/build.sh checks|guests|fresh DIR" >&2
    exit 2
    ;;
esac
