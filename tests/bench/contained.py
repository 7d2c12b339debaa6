"""Runs checkpost beside each module of a directory, in a control group of 512 MiB and one CPU, and prints what a run costs.

    contained.py CHECKPOST DIRECTORY [CYCLES]

Needs root, and the memory controller in /sys/fs/cgroup (version 1 or 2). Fails when a cycle is not stored within its time,
when a built-in check is not judged, or when a run takes more memory or disk than the documentation says.
"""

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

GROUP_BYTES = 512 << 20
MAX_RUN_BYTES = 200 << 20
MAX_GROWTH_BYTES = 300 << 10
MAX_SECONDS = 60
BUILT_IN = {"cpu", "memory", "disk", "network"}


class Group:
    """A control group with a limit on memory; it is removed at the end."""

    def __init__(self):
        unified = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists()
        root = pathlib.Path("/sys/fs/cgroup" if unified else "/sys/fs/cgroup/memory")
        names = ("memory.max", "memory.peak") if unified else ("memory.limit_in_bytes", "memory.max_usage_in_bytes")
        self.path = root / f"checkpost-bench-{os.getpid()}"
        self.path.mkdir()
        self.limit, self.peak = (self.path / name for name in names)
        self.limit.write_text(str(GROUP_BYTES))

    def enter(self):
        (self.path / "cgroup.procs").write_text(str(os.getpid()))
        os.sched_setaffinity(0, {0})

    def close(self):
        self.path.rmdir()


def size(directory):
    """Bytes of the rows of a database, without the space that it has set aside."""
    with sqlite3.connect(directory / "data/automation.db") as database:
        pages, free, page_bytes = (
            database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * page_bytes


def run(program, directory):
    """One cycle: its report, its seconds, and the peak memory of its largest process."""
    group = Group()
    try:
        began = time.monotonic()
        process = subprocess.Popen(
            [program, "run", "--format", "json"], cwd=directory, stdout=subprocess.PIPE, preexec_fn=group.enter, env={}
        )
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        if os.waitstatus_to_exitcode(status) != 0:
            return None, seconds, usage.ru_maxrss << 10
        return json.loads(output), seconds, usage.ru_maxrss << 10
    finally:
        group.close()


def examine(program, module, cycles):
    """The worst of some cycles beside one module, and whether they are as documented."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="checkpost-contained-"))
    try:
        (directory / "checkpost.toml").touch()
        # What compiling the built-in checks costs is not the module's.
        run(program, directory)
        (directory / "checks.d").mkdir()
        shutil.copy(module, directory / "checks.d/aaa.wasm")
        worst = {"seconds": 0.0, "memory": 0, "growth": 0}
        verdict = "no report"
        for _ in range(cycles):
            before = size(directory)
            report, seconds, memory = run(program, directory)
            if report is None:
                return worst, "no cycle is stored", False
            growth = size(directory) - before
            worst = {
                "seconds": max(worst["seconds"], seconds),
                "memory": max(worst["memory"], memory),
                "growth": max(worst["growth"], growth),
            }
            checks = {check["name"]: check for check in report["checks"]}
            if any(checks[name]["status"] == "unknown" for name in BUILT_IN & checks.keys()):
                return worst, "a built-in check is not judged", False
            guest = checks["aaa"]
            verdict = guest["reason"] or guest["status"]
        within = (
            worst["seconds"] <= MAX_SECONDS
            and worst["memory"] <= MAX_RUN_BYTES
            and worst["growth"] <= MAX_GROWTH_BYTES
        )
        return worst, verdict, within
    finally:
        shutil.rmtree(directory)


def main():
    program, modules = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    cycles = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    print(f"{'module':32} {'seconds':>8} {'MiB':>6} {'KiB a cycle':>12}  outcome")
    failed = False
    for module in sorted(modules.glob("*.wasm")):
        worst, verdict, within = examine(program, module, cycles)
        failed |= not within
        memory, growth = worst["memory"] / (1 << 20), worst["growth"] / (1 << 10)
        mark = "" if within else "  BEYOND THE LIMITS"
        print(f"{module.name:32} {worst['seconds']:8.2f} {memory:6.0f} {growth:12.0f}  {verdict}{mark}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
