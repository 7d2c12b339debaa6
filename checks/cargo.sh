#!/bin/sh
# Runs cargo with a compiler for WebAssembly, which the script installs first if there is none:
#   checks/cargo.sh build --release
# Without arguments, the script only makes sure that there is a compiler.
#
# This script names the target, and not a rust-toolchain.toml, because that file would make every cargo call fail on machines
# where rustup cannot fetch the target. Debian's compiler comes without the target's standard library and builds it from source.
set -eu

target=wasm32-unknown-unknown
packages="rustc-web cargo-web rust-web-src lld"

say() { echo "cargo.sh: $*" >&2; }

has_library() {
    library=$(rustc --print target-libdir --target "$target" 2>/dev/null) && [ -d "$library" ]
}

has_debian() {
    [ -x /usr/bin/cargo ] && command -v wasm-ld >/dev/null &&
        sysroot=$(/usr/bin/rustc --print sysroot 2>/dev/null) && [ -d "$sysroot/lib/rustlib/src/rust/library" ]
}

add_library() {
    command -v rustup >/dev/null && say "adding $target with rustup" && rustup target add "$target" >&2
}

install_debian() {
    command -v apt-get >/dev/null || return 1
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    say "installing $packages with apt-get"
    # shellcheck disable=SC2086 # Word splitting is intended.
    $sudo apt-get update >&2 && $sudo apt-get install -y --no-install-recommends $packages >&2
}

has_library || has_debian || add_library || install_debian || true

# Keep paths of the build machine out of the module, so that every machine builds the same module.
CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=/registry"
CARGO_BUILD_TARGET=$target
export CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET

if has_library; then
    [ $# = 0 ] || exec cargo "$@"
elif has_debian; then
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
    export CARGO_UNSTABLE_BUILD_STD=std,panic_abort
    [ $# = 0 ] || exec /usr/bin/cargo "$@"
else
    say "no compiler for $target: run 'rustup target add $target', or install $packages (Debian)"
    exit 1
fi
