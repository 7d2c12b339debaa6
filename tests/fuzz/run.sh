#!/bin/sh
# Runs every fuzz target, or the named ones, for this many seconds each:   tests/fuzz/run.sh SECONDS [TARGET…]
# cargo-fuzz is installed next to the build. A stable compiler suffices, because LLVM itself counts coverage. It has no
# sanitizer; panics, faults, hangs and broken promises are found without one.
set -eu
cd "$(dirname "$0")/../.."
seconds=$1 && shift
directory=tests/fuzz
build=${CARGO_TARGET_DIR:-target}
version=0.13.2
fuzzer=$build/tools/bin/cargo-fuzz

# The initial corpus has the built-in checks, which are larger than libFuzzer's default limit. An input that takes 30 s
# hangs: fuel ends every call long before.
limits="-max_len=131072 -timeout=30 -rss_limit_mb=4096 -entropic_scale_per_exec_time=1"

if ! "$fuzzer" --version 2> /dev/null | grep -q "^cargo-fuzz $version\$"; then
    cargo install --quiet --locked --root "$build/tools" --version "$version" cargo-fuzz
fi
# cargo-fuzz has no option to use the lock file.
cargo fetch --quiet --locked --manifest-path "$directory/Cargo.toml"

# fuzz COMMAND…: compiles in one thread, so that the same input covers the same code.
fuzz() {
    command=$1 && shift
    RAYON_NUM_THREADS=1 "$fuzzer" "$command" --fuzz-dir "$directory" --target-dir "$build/fuzz" --sanitizer none "$@"
}

fuzz build
[ $# -gt 0 ] || set -- module generated nested answers verdicts
findings=
for target in "$@"; do
    printf '\n== %s, %s s\n' "$target" "$seconds"
    # shellcheck disable=SC2086 # Words on purpose.
    fuzz run "$target" -- -max_total_time="$seconds" -print_final_stats=1 $limits || findings="$findings $target"
done

for target in $findings; do
    echo "run.sh: a finding in $target; the inputs that reproduce it are in $directory/artifacts/$target" >&2
done
[ -z "$findings" ]
