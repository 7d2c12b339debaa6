#!/bin/sh
# Runs cargo for checks, with a compiler for WebAssembly that it installs first where there is none:
#   checks/cargo.sh build --release
# With no arguments it only sees to the compiler.
#
# The target's name is in the command and not in a rust-toolchain.toml: that would make every cargo call fail where
# rustup cannot fetch the target. Debian's compiler comes without the target's library and builds it from its sources.
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
    # shellcheck disable=SC2086 # Words on purpose.
    $sudo apt-get update >&2 && $sudo apt-get install -y --no-install-recommends $packages >&2
}

has_library || has_debian || add_library || install_debian || true

# So that a module holds no path of the machine it was built on, and is the same wherever it is built.
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
