#!/bin/sh
# Runs each fuzz target, or these, for so many seconds:   tests/fuzz/run.sh SECONDS [TARGET…]
# cargo-fuzz is installed beside the build. A stable compiler will do: the counters of coverage are LLVM's. What it has
# not is a sanitizer; panics, faults, hangs and broken promises are found without one.
set -eu
cd "$(dirname "$0")/../.."
seconds=$1 && shift
directory=tests/fuzz
build=${CARGO_TARGET_DIR:-target}
version=0.13.2
fuzzer=$build/tools/bin/cargo-fuzz

# The corpus begins with the built-in checks, which are larger than libFuzzer's own limit. Whatever takes 30 s hangs:
# fuel ends every call long before.
limits="-max_len=131072 -timeout=30 -rss_limit_mb=4096 -entropic_scale_per_exec_time=1"

if ! "$fuzzer" --version 2> /dev/null | grep -q "^cargo-fuzz $version\$"; then
    cargo install --quiet --locked --root "$build/tools" --version "$version" cargo-fuzz
fi
# It has no option for this itself.
cargo fetch --quiet --locked --manifest-path "$directory/Cargo.toml"

# fuzz COMMAND…: with the compiler's work in one thread, so that the same input covers the same.
fuzz() {
    command=$1 && shift
    RAYON_NUM_THREADS=1 "$fuzzer" "$command" --fuzz-dir "$directory" --target-dir "$build/fuzz" --sanitizer none "$@"
}

fuzz build
[ $# -gt 0 ] || set -- module generated answers verdicts
findings=
for target in "$@"; do
    printf '\n== %s, %s s\n' "$target" "$seconds"
    # shellcheck disable=SC2086 # Words on purpose.
    fuzz run "$target" -- -max_total_time="$seconds" -print_final_stats=1 $limits || findings="$findings $target"
done

for target in $findings; do
    echo "run.sh: a finding in $target; what reproduces it lies in $directory/artifacts/$target" >&2
done
[ -z "$findings" ]
