"""Describes the machine of `make bench` in one line."""

import os
import platform
import re
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def describe():
    """CPU, cores, kernel, versions and date."""
    parts = [
        f"{cpu_model()}, {os.cpu_count()} CPUs",
        f"{platform.system()} {platform.release()} {platform.machine()}",
        first_line("rustc", "--version"),
        f"wasmtime {locked('wasmtime')}",
        f"Python {platform.python_version()}",
        f"Node.js {first_line('node', '--version')}",
        time.strftime("%Y-%m-%d", time.gmtime()),
    ]
    return "; ".join(parts)


def cpu_model():
    """The name that the kernel uses; without one, the architecture."""
    cpuinfo = Path("/proc/cpuinfo")
    found = cpuinfo.exists() and re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def locked(package):
    """The version of a package in Cargo.lock."""
    found = re.search(rf'name = "{package}"\nversion = "(.+)"', (ROOT / "Cargo.lock").read_text())
    return found.group(1) if found else "?"


def first_line(*command):
    """The version that a program prints, or that the program is missing."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return f"no {command[0]}"


if __name__ == "__main__":
    print(describe())
