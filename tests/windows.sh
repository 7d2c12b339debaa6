#!/bin/sh
# Cross-builds checkpost.exe and tests it under wine. Installs the compilers and wine first, if apt is available.
#
# The target's library comes from rustup, or is built from Debian's sources; checks/cargo.sh says why. The tests are in
# tests/windows/test.py. $CARGO_TARGET_DIR keeps the build, so a second run rebuilds only the host's own crates.
set -eu
cd "$(dirname "$0")/.."

target=x86_64-pc-windows-gnu
gcc=x86_64-w64-mingw32-gcc
rust="rustc-web cargo-web rust-web-src"
tools="gcc-mingw-w64-x86-64 wine wine64 python3"

say() { echo "windows.sh: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

has_library() {
    library=$(rustc --print target-libdir --target "$target" 2>/dev/null) && [ -d "$library" ]
}

has_debian() {
    [ -x /usr/bin/cargo ] && sysroot=$(/usr/bin/rustc --print sysroot 2>/dev/null) &&
        [ -d "$sysroot/lib/rustlib/src/rust/library" ]
}

has_tools() {
    for tool in "$gcc" wine python3; do
        command -v "$tool" >/dev/null || return 1
    done
}

add_library() {
    command -v rustup >/dev/null && say "adding $target with rustup" && rustup target add "$target" >&2
}

install() {
    command -v apt-get >/dev/null || return 1
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    say "installing $* with apt-get"
    $sudo apt-get update >&2 && $sudo apt-get install -y --no-install-recommends "$@" >&2
}

# shellcheck disable=SC2086 # Words on purpose.
{
    has_tools || install $tools || true
    has_library || has_debian || add_library || install $rust || true
}
has_tools || fail "install $tools (Debian's names), or the packages of your system with $gcc, wine and python3"

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target/windows}"
export CARGO_BUILD_TARGET=$target
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=$gcc CC_x86_64_pc_windows_gnu=$gcc

if has_library; then
    cargo=cargo
elif has_debian; then
    cargo=/usr/bin/cargo
    export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort,panic_unwind
else
    fail "no compiler for $target: run 'rustup target add $target', or install $rust (Debian)"
fi
# The dev profile optimizes dependencies, so that compiling checks is fast, and nothing else.
"$cargo" build --locked --package checkpost --bin checkpost

bin="$CARGO_TARGET_DIR/$target/debug"
# Libraries that wine lacks, placed next to the program, where Windows looks first. They are never shipped.
"$gcc" -O2 -Wall -Wextra -Werror -shared -o "$bin/bcryptprimitives.dll" tests/windows/bcryptprimitives.c -ladvapi32 -liphlpapi
"$gcc" -O2 -Wall -Wextra -Werror -shared -o "$bin/pdh.dll" tests/windows/pdh.c -lntdll

exec python3 tests/windows/test.py "$bin"
