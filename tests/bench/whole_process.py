"""Measures whole runs of checkpost as processes for `make bench`, and the psutil script that they replace.

All commands run in turn, so that they see the same machine; `meter` prints the kernel's figures for each finished
process. Prints Markdown tables of medians, with the ratios to the script pair by pair.

Usage: python whole_process.py METER CHECKPOST [RUNS]
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sites

HERE = Path(__file__).parent
KIB_PER_MIB = 1024
# (name of the configuration, function that sets up its directory)
RUNS_OF_CHECKPOST = [
    ("4 checks", sites.plain),
    ("100 instances", sites.instances(100)),
    ("1,000 instances", sites.instances(1000)),
    ("100 modules more", sites.modules(100)),
    ("4 checks, everything measured", sites.everything),
]
# Within 5 s of the last cycle, the CPU figure needs a window of its own.
BETWEEN_CYCLES_SECONDS = 5.1
# First runs are slow and vary little, so a few are enough.
MOST_FIRST_RUNS = 3
COLUMNS = [("CPU time, ms", 1000), ("wall time, ms", 1000), ("peak memory, MiB", 1 / KIB_PER_MIB)]


class Meter:
    """Measures commands."""

    def __init__(self, program):
        self.program = str(Path(program).resolve())

    def measure(self, command, directory):
        """CPU seconds, wall seconds and peak KiB of one finished process and its children."""
        measured = subprocess.run([self.program, *command], cwd=directory, stdout=subprocess.PIPE, text=True)
        if measured.returncode != 0:
            sys.exit(f"{' '.join(command)} exited with {measured.returncode}")
        return [float(figure) for figure in measured.stdout.split()]


def expect_all_judged(checkpost, directory):
    """Fills the cache and the database, and exits if a check fails: such a run costs less than a real one."""
    run = [checkpost, "run", "--format", "json"]
    report = json.loads(subprocess.run(run, cwd=directory, stdout=subprocess.PIPE, check=True).stdout)
    for check in report["checks"]:
        if check.get("reason"):
            sys.exit(f"{check['name']} could not judge: {check['reason']}: {check.get('detail')}")


def first_runs(meter, checkpost, rounds):
    """Runs without a database and without compiled modules."""
    figures = {name: [] for name, _ in RUNS_OF_CHECKPOST}
    for _ in range(rounds):
        for name, make in RUNS_OF_CHECKPOST:
            with tempfile.TemporaryDirectory() as directory:
                make(Path(directory))
                figures[name].append(meter.measure([checkpost, "run"], directory))
    return figures


def later_runs(meter, checkpost, baseline, rounds, directory):
    """Runs with a previous cycle and compiled modules, in turn with the script."""
    commands = {"psutil script": [*baseline, "."], **{name: [checkpost, "run"] for name, _ in RUNS_OF_CHECKPOST}}
    sites_of = {name: directory / str(number) for number, name in enumerate(commands)}
    for site in sites_of.values():
        site.mkdir()
    for name, make in RUNS_OF_CHECKPOST:
        make(sites_of[name])
        expect_all_judged(checkpost, sites_of[name])
    figures = {name: [] for name in commands}
    for number in range(rounds + 1):
        time.sleep(BETWEEN_CYCLES_SECONDS)
        for name, command in commands.items():
            measured = meter.measure(command, sites_of[name])
            # The first round warms the rest, such as the script's own compiled modules.
            if number > 0:
                figures[name].append(measured)
    return figures


def cells(figures, baseline):
    """One cell per column: the median, and its share of the baseline where there is one."""
    for index, (_, scale) in enumerate(COLUMNS):
        text = f"{statistics.median(figure[index] for figure in figures) * scale:.1f}"
        if baseline is not None:
            share = statistics.median(ours[index] / theirs[index] for ours, theirs in zip(figures, baseline))
            text += f" ({share:.3f})"
        yield text


def table(title, figures, baseline=None):
    print(f"| {title} | " + " | ".join(name for name, _ in COLUMNS) + " |")
    print("| --- |" + " ---: |" * len(COLUMNS))
    for name, of_name in figures.items():
        against = None if of_name is baseline else baseline
        print(f"| {name} | " + " | ".join(cells(of_name, against)) + " |")
    print()


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__.splitlines()[-1])
    meter, checkpost = Meter(sys.argv[1]), str(Path(sys.argv[2]).resolve())
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    first = first_runs(meter, checkpost, min(runs, MOST_FIRST_RUNS))
    with tempfile.TemporaryDirectory() as directory:
        baseline = [sys.executable, str(HERE / "psutil_monitor.py")]
        later = later_runs(meter, checkpost, baseline, runs, Path(directory))
    table(f"later runs, median of {runs} (share of the script)", later, later["psutil script"])
    table(f"very first run, median of {min(runs, MOST_FIRST_RUNS)}", first)


if __name__ == "__main__":
    main()
