#!/bin/sh
# Builds the modules:        checks/build.sh checks DIR | guests DIR
# Reports outdated modules:  checks/build.sh fresh DIR
set -eu
cd "$(dirname "$0")/.."

command=$1 directory=$2
target_dir=${CARGO_TARGET_DIR:-target}/wasm
pack=${PACK:-cargo run --quiet --package checkpost -- check pack}

# crates_in DIR: prints the names of the folders in DIR that contain a crate.
crates_in() {
    for manifest in "$1"/*/Cargo.toml; do
        basename "$(dirname "$manifest")"
    done
}

checks() { crates_in checks | grep -vx sdk; }

# compile PREFIX NAME…: builds core modules from the crates PREFIX-NAME.
compile() {
    prefix=$1 && shift
    # shellcheck disable=SC2046 # Word splitting is intended.
    checks/cargo.sh build --profile wasm --locked --target-dir "$target_dir" $(printf " --package $prefix-%s" "$@")
}

# core PREFIX NAME: prints the path of the core module of a crate.
core() { echo "$target_dir/wasm32-unknown-unknown/wasm/$(echo "$1-$2" | tr - _).wasm"; }

# install FROM TO: copies a file only if it has changed, so that crates that embed it are not rebuilt.
install() { cmp -s "$1" "$2" || cp "$1" "$2"; }

# source_line NAME: prints the digest of a check's sources, the digest of its module, and its name, in one line.
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
        # The packer embeds these modules, so a file must exist before the packer is built for the first time.
        embedded=${CHECKPOST_PREBUILT:-checks/prebuilt}/$name.wasm
        [ -e "$embedded" ] || : > "$embedded"
    done
    for name in $(checks); do
        $pack "$(core checkpost-check "$name")" -o "$target_dir/$name.wasm"
    done
    # Install only after packing all modules, because each installed module causes a rebuild of the packer.
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
