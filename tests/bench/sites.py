"""Directories in which `checkpost run` has more to do than out of the box."""

from itertools import cycle, islice
from pathlib import Path

ROOT = Path(__file__).parents[2]
PREBUILT = ROOT / "checks/prebuilt"
# Checks whose setting `threshold` is in per cent.
WITH_THRESHOLD = ["cpu", "memory", "disk"]
# Checks that run without a configuration, and so without settings.
UNASKED = ["cpu", "disk", "memory", "network"]


def plain(directory):
    """Nothing: the four built-in checks."""


def everything(directory):
    """The four built-in checks, and every source: processes, sensors, GPUs and single CPUs, too."""
    (directory / "checkpost.toml").write_text('[collect]\nstore = ["*"]\nprocesses = ["*sh*", "python*"]\n')


def instances(count):
    """So many instances of built-in checks, no two with the same settings."""

    def make(directory):
        modules = islice(cycle(WITH_THRESHOLD), count - len(UNASKED))
        entries = [
            f'[[check]]\nname = "{module}-{number}"\nmodule = "{module}"\n'
            f"[check.settings]\nthreshold = {50 + 45 * number / count}\n"
            for number, module in enumerate(modules)
        ]
        (directory / "checkpost.toml").write_text("".join(entries))

    return make


def modules(count):
    """So many modules in the checks directory beside the built-in ones, each with a digest of its own."""

    def make(directory):
        # Compiling them all in one run takes longer than a run may.
        (directory / "checkpost.toml").write_text("timeout_seconds = 3600\n")
        checks = directory / "checks.d"
        checks.mkdir()
        originals = cycle(PREBUILT / f"{name}.wasm" for name in UNASKED)
        for number, original in enumerate(islice(originals, count)):
            name = f"{original.stem}-{number:03}.wasm"
            (checks / name).write_bytes(original.read_bytes() + custom_section(f"number {number:03}"))

    return make


def custom_section(text):
    """A section that no one reads: it changes a module's digest and nothing else."""
    name = b"bench"
    content = bytes([len(name)]) + name + text.encode()
    # Both lengths are below 128, where LEB128 is one byte.
    return bytes([0, len(content)]) + content
