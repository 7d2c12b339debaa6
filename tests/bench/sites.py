"""Directories in which `checkpost run` has different amounts of work."""

from itertools import cycle, islice
from pathlib import Path

ROOT = Path(__file__).parents[2]
PREBUILT = ROOT / "checks/prebuilt"
# Checks whose setting `threshold` is in percent.
WITH_THRESHOLD = ["cpu", "memory", "disk"]
# Checks that run without a configuration, and thus without settings.
DEFAULT = ["cpu", "disk", "memory", "network"]


def plain(directory):
    """No configuration: the four built-in checks."""


def everything(directory):
    """The four built-in checks and every source, including processes, sensors, GPUs and single CPUs."""
    (directory / "checkpost.toml").write_text('[collect]\nstore = ["*"]\nprocesses = ["*sh*", "python*"]\n')


def instances(count):
    """This many instances of built-in checks, no two with the same settings."""

    def make(directory):
        modules = islice(cycle(WITH_THRESHOLD), count - len(DEFAULT))
        entries = [
            f'[[check]]\nname = "{module}-{number}"\nmodule = "{module}"\n'
            f"[check.settings]\nthreshold = {50 + 45 * number / count}\n"
            for number, module in enumerate(modules)
        ]
        (directory / "checkpost.toml").write_text("".join(entries))

    return make


def modules(count):
    """This many modules in the checks directory besides the built-in ones, each with a digest of its own."""

    def make(directory):
        # Compiling all of them in one run takes longer than the default deadline.
        (directory / "checkpost.toml").write_text("timeout_seconds = 3600\n")
        checks = directory / "checks.d"
        checks.mkdir()
        originals = cycle(PREBUILT / f"{name}.wasm" for name in DEFAULT)
        for number, original in enumerate(islice(originals, count)):
            name = f"{original.stem}-{number:03}.wasm"
            (checks / name).write_bytes(original.read_bytes() + custom_section(f"number {number:03}"))

    return make


def custom_section(text):
    """A section without meaning: it changes the digest of a module and nothing else."""
    name = b"bench"
    content = bytes([len(name)]) + name + text.encode()
    # Both lengths are below 128, where LEB128 is one byte.
    return bytes([0, len(content)]) + content
