"""Tables of the results of the benchmark `evaluation` for `make bench`, from criterion's medians.

Usage: python estimates.py CRITERION_HOME
"""

import json
import sys
from pathlib import Path

# (name in criterion, name in the table)
PROCESSES = [
    ("process/true", "start and end of `/bin/true`"),
    ("process/check_disk", "start and end of `check_disk -w 10% -c 5% -p /`, in C"),
    ("process/python3", "start and end of `python3 -S -c pass`"),
    ("process/node", "start and end of `node -e 0`"),
]
EVALUATIONS = [
    ("evaluation/memory-1", "evaluation of `memory`, 1 reading, 1 verdict"),
    ("evaluation/disk-10", "evaluation of `disk`, 10 readings, 10 verdicts"),
    ("evaluation/disk-200", "evaluation of `disk`, 200 readings, 200 verdicts"),
    ("evaluation/memory-1-plain", "the same in a run of few checks: 1 reading"),
    ("evaluation/disk-10-plain", "the same in a run of few checks: 10 readings"),
    ("evaluation/disk-200-plain", "the same in a run of few checks: 200 readings"),
]
# (name in criterion, name in the table, the interpreter whose start it replaces)
INTERPRETED = [
    ("evaluation/python-10", "evaluation of a check in Python, 10 readings", "process/python3"),
    ("evaluation/javascript-10", "evaluation of a check in JavaScript, 10 readings", "process/node"),
]


def medians(home):
    """Nanoseconds by `group/function`, of the last run."""
    found = {}
    for path in home.glob("*/*/new/estimates.json"):
        names = json.loads((path.parent / "benchmark.json").read_text())
        key = f"{names['group_id']}/{names['function_id']}"
        found[key] = json.loads(path.read_text())["median"]["point_estimate"]
    return found


def length(nanoseconds):
    """A time with three significant digits, in a suitable unit."""
    for unit, size in [("s", 1e9), ("ms", 1e6), ("µs", 1e3)]:
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def ratio(ours, theirs):
    """`1/41` for the cheaper, `3.2` for the more expensive; empty without a figure to compare with."""
    if ours is None or theirs is None:
        return ""
    return f"1/{theirs / ours:.3g}" if ours < theirs else f"{ours / theirs:.3g}"


def table(heads, rows):
    """Prints a Markdown table, with the first column left-aligned and the others right-aligned."""
    print("| " + " | ".join(heads) + " |")
    print("| --- |" + " ---: |" * (len(heads) - 1))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def main():
    found = medians(Path(sys.argv[1]))
    if not found:
        sys.exit(f"estimates.py: no results of criterion in {sys.argv[1]}")
    bases = ["process/true", "process/check_disk"]

    def row(key, name):
        return [name, length(found[key]), *(ratio(found[key], found.get(base)) for base in bases)]

    measured = [(key, name) for key, name in PROCESSES + EVALUATIONS if key in found]
    table(["what", "median", "of `/bin/true`", "of `check_disk`"], [row(key, name) for key, name in measured])
    interpreted = [
        [name, length(found[key]), ratio(found[key], found.get(interpreter)), ratio(found[key], found.get(bases[0]))]
        for key, name, interpreter in INTERPRETED
        if key in found
    ]
    if interpreted:
        table(["what", "median", "of its interpreter's start", "of `/bin/true`"], interpreted)


if __name__ == "__main__":
    main()
