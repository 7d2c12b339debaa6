"""What the figures of `make bench` were measured on, as one line."""

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
    """As the kernel names it; systems without that list say at least what kind it is."""
    cpuinfo = Path("/proc/cpuinfo")
    found = cpuinfo.exists() and re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def locked(package):
    """The version of a package that Cargo.lock holds."""
    found = re.search(rf'name = "{package}"\nversion = "(.+)"', (ROOT / "Cargo.lock").read_text())
    return found.group(1) if found else "?"


def first_line(*command):
    """What a program says of its version, or that there is none."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return f"no {command[0]}"


if __name__ == "__main__":
    print(describe())
