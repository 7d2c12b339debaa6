"""`make bench`: what one `checkpost run` costs as a process, next to the psutil script it replaces.

The two run in turn, so that both see the same machine; the kernel's own accounting of each finished process (wait4) is
what is counted. Prints a Markdown table of medians and of the ratios pair by pair.

Usage: python whole_process.py CHECKPOST [RUNS]
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
# The kernel counts peak memory in KiB.
MIB_IN_KIB = 1024


def measure(command, directory):
    """CPU seconds, wall seconds and peak MiB of one finished process."""
    started = time.monotonic()
    with open(os.devnull, "wb") as sink:
        process = subprocess.Popen(command, cwd=directory, stdout=sink)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    if process.returncode != 0:
        sys.exit(f"{command[0]} exited with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / MIB_IN_KIB


def cold(checkpost, runs):
    """Runs that find nothing: no database and no compiled modules."""
    figures = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as directory:
            figures.append(measure([checkpost, "run"], directory))
    return figures


def paired(checkpost, baseline, runs):
    """Warm runs of both in turn, more than five seconds apart, as a cron job's are."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as ours_in, tempfile.TemporaryDirectory() as theirs_in:
        measure([checkpost, "run"], ours_in)
        measure([*baseline, theirs_in], theirs_in)
        for _ in range(runs):
            # Below 5 s since the last cycle the CPU figure would need a window of its own.
            time.sleep(5)
            ours.append(measure([checkpost, "run"], ours_in))
            theirs.append(measure([*baseline, theirs_in], theirs_in))
    return ours, theirs


def median(figures, index):
    return statistics.median(figure[index] for figure in figures)


def main():
    checkpost = str(Path(sys.argv[1]).resolve())
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    baseline = [sys.executable, str(HERE / "psutil_monitor.py")]
    first = cold(checkpost, min(runs, 5))
    ours, theirs = paired(checkpost, baseline, runs)
    print(f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}; ", end="")
    print(f"medians of {runs} runs in turn ({min(runs, 5)} for the first run), {time.strftime('%Y-%m-%d')}\n")
    print("| figure | checkpost run | its very first run | psutil script | ratio (pair by pair) |")
    print("| --- | ---: | ---: | ---: | ---: |")
    rows = [("CPU time, ms", 0, 1000), ("wall time, ms", 1, 1000), ("peak memory, MiB", 2, 1)]
    for name, index, scale in rows:
        ratio = statistics.median(a[index] / b[index] for a, b in zip(ours, theirs))
        cells = [median(figures, index) * scale for figures in (ours, first, theirs)]
        print(f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + f" | {ratio:.3f} |")


if __name__ == "__main__":
    main()
