"""Tests checkpost.exe under wine. tests/windows.sh builds the program and runs this script with its directory."""

import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = "C:\\"
BUILT_IN = ["cpu", "disk", "memory", "network"]
PREBUILT = pathlib.Path(__file__).parents[2] / "checks/prebuilt"
# A section without meaning at the end of a module changes its digest, so that it is not trusted as a built-in module.
UNNAMED_SECTION = b"\x00\x02\x01x"
# The smallest size at which the configuration allows a log to be rotated, in bytes.
LOG_BYTES = 65536
COMMAND_SECONDS = 120
# Writes the exit code to a file: if the program takes a second to end, as on a busy machine, wine kills its own
# process, and the exit code is lost.
BATCH = b"@echo off\r\nC:\\bin\\checkpost.exe %*\r\n>%EXIT_CODE_FILE% echo %errorlevel%\r\n"

bin_directory: pathlib.Path
wine: "Wine"


def setUpModule():
    global wine
    wine = Wine()


def tearDownModule():
    wine.close()


class Wine:
    """A separate Windows installation, with nothing from the user's environment."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="checkpost-wine-", ignore_cleanup_errors=True)
        prefix = pathlib.Path(self.directory.name, "prefix")
        self.drive_c = prefix / "drive_c"
        self.environment = {
            "HOME": self.directory.name,
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "WINEDEBUG": "-all",
            # Mono and Gecko would open a window that asks to install them; the debugger prints pages after a crash.
            "WINEDLLOVERRIDES": "mscoree,mshtml,winedbg.exe=",
            "WINEPREFIX": str(prefix),
        }
        self.set_up(["wineboot", "--init"])
        # The oldest Windows that Rust supports.
        self.set_up(["winecfg", "-v", "win10"])
        (self.drive_c / "bin").mkdir()
        for name in ["checkpost.exe", "bcryptprimitives.dll", "pdh.dll"]:
            shutil.copy(bin_directory / name, self.drive_c / "bin")
        (self.drive_c / "bin/checkpost.bat").write_bytes(BATCH)

    def set_up(self, command):
        with tempfile.TemporaryFile() as file:
            process = self.start(command, self.directory.name, stdout=file, stderr=file)
            self.wait(process)
            if process.returncode != 0:
                raise RuntimeError(f"wine cannot set up Windows: {command} printed {text_of(file)}")

    def close(self):
        self.wait(self.start(["wineboot", "--end-session", "--force", "--kill"], self.directory.name))
        self.directory.cleanup()

    def start(self, command, cwd, **options):
        return subprocess.Popen(["wine", *command], cwd=cwd, stdin=subprocess.DEVNULL, **{"env": self.environment, **options})

    def wait(self, process):
        try:
            process.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{process.args} did not end within {COMMAND_SECONDS} s") from None


class Command:
    """checkpost.exe running in a directory."""

    count = 0

    def __init__(self, arguments, cwd):
        Command.count += 1
        self.line = " ".join(["checkpost.exe", *arguments])
        name = f"exit-code-{Command.count}"
        self.code_file = wine.drive_c / "bin" / name
        # Files instead of pipes: wine's own processes outlive the command and would keep a pipe open.
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.process = wine.start(
            ["cmd", "/c", r"C:\bin\checkpost.bat", *arguments],
            cwd,
            env={**wine.environment, "EXIT_CODE_FILE": rf"C:\bin\{name}"},
            stdout=self.out,
            stderr=self.err,
        )

    def output(self, code):
        """Its standard output followed by its standard error. The exit code must be this one."""
        wine.wait(self.process)
        out, err = text_of(self.out), text_of(self.err)
        found = self.code_file.read_text().strip() if self.code_file.exists() else "none"
        if found != str(code):
            raise AssertionError(f"`{self.line}`: exit code {found}, expected {code}\nstdout: {out}\nstderr: {err}")
        return out + err


def text_of(file):
    with file:
        file.seek(0)
        return file.read().decode()


class Site:
    """A fresh directory on drive C with a checkpost.toml."""

    count = 0

    def __init__(self, config=""):
        Site.count += 1
        self.name = f"site-{Site.count}"
        self.directory = wine.drive_c / self.name
        self.directory.mkdir()
        self.write("checkpost.toml", config.encode())

    def write(self, relative, content):
        path = self.directory / relative
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    def start(self, *arguments):
        return Command(arguments, self.directory)

    def execute(self, *arguments, code=0):
        return self.start(*arguments).output(code)

    def json(self, *arguments):
        return json.loads(self.execute(*arguments, "--format", "json"))

    def rows(self, sql, database="data/automation.db"):
        connection = sqlite3.connect(self.directory / database)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def value(self, sql, **options):
        return self.rows(sql, **options)[0][0]


class FreshDirectory(unittest.TestCase):
    """Two runs without a configuration, and their results."""

    @classmethod
    def setUpClass(cls):
        cls.site = Site()
        cls.reports = [cls.site.execute("run")]
        # A rate needs at least a second, and the uptime that it is based on has whole seconds.
        time.sleep(2)
        cls.reports.append(cls.site.execute("run"))

    def test_runs_print_the_figures_of_drive_c(self):
        for report in self.reports:
            for label in ["CPU", "Memory", "Disk"]:
                self.assertRegex(report, rf"(?m)^  {label} +\d+\.\d%  ")
            self.assertRegex(report, rf"(?m)^  Disk .* / .*GB on {re.escape(ROOT)}$")

    def test_runs_are_stored(self):
        metrics = self.site.rows("SELECT cpu_percent, memory_percent, disk_percent FROM system_metrics")
        self.assertEqual(len(metrics), 2)
        for figure in [figure for row in metrics for figure in row]:
            self.assertIsNotNone(figure, metrics)
            self.assertTrue(0 <= figure <= 100, metrics)
        self.assertGreater(self.site.value("SELECT min(memory_total_bytes) FROM system_metrics"), 0)
        for run in (1, 2):
            self.assertGreater(self.site.value(f"SELECT count(*) FROM samples WHERE run_id = {run}"), 10)

    def test_built_in_checks_all_judge(self):
        judged = self.site.rows("SELECT run_id, instance, reason, detail FROM evaluations ORDER BY run_id, instance")
        self.assertEqual(judged, [(run, name, None, None) for run in (1, 2) for name in BUILT_IN])

    def test_second_run_is_compared_with_the_first(self):
        names = {name for (name,) in self.site.rows("SELECT DISTINCT name FROM series")}
        self.assertIn("checkpost.network.io.rate", names)

    def test_database_is_whole(self):
        self.assertIn("2 runs", self.site.execute("db", "check"))
        self.assertEqual(len(self.site.json("metrics")), 2)

    def test_code_comes_from_the_cache(self):
        table = self.site.execute("check", "list")
        for name in BUILT_IN:
            self.assertRegex(table, rf"(?m)^ *{name} .* ready \(cached\)$")


class Readings(unittest.TestCase):
    """`collect`."""

    def test_readings_are_printed(self):
        text = Site().execute("collect")
        for metric in [
            "system.cpu.utilization",
            "system.memory.limit",
            "system.filesystem.limit",
            "system.network.io",
            "process.memory.usage",
        ]:
            self.assertRegex(text, rf"(?m)^ *{re.escape(metric)} ")

    def test_readings_are_json(self):
        snapshot = Site().json("collect")
        self.assertEqual(snapshot["host"]["os_type"], "windows")
        samples = snapshot["samples"]
        self.assertGreater(reading(samples, "system.memory.limit"), 1 << 20)
        self.assertTrue(0 <= reading(samples, "system.cpu.utilization") <= 1)
        self.assertGreater(reading(samples, "process.memory.usage", {"process.executable.name": "checkpost.exe"}), 1 << 20)
        disk = {"system.filesystem.mountpoint": ROOT}
        self.assertTrue(0 <= reading(samples, "system.filesystem.utilization", disk) <= 1)

    def test_unavailable_readings_are_absent_and_not_zero(self):
        names = {sample["name"] for sample in Site().json("collect")["samples"]}
        # Windows has no load average, and wine has no disk counters.
        self.assertTrue(names.isdisjoint({"checkpost.load_1m", "system.disk.io"}), names)


def reading(samples, name, labels=None):
    """The only reading of a metric that has these labels, perhaps among others."""
    wanted = (labels or {}).items()
    found = [sample["value"] for sample in samples if sample["name"] == name and wanted <= sample["labels"].items()]
    if len(found) != 1:
        names = sorted({sample["name"] for sample in samples})
        raise AssertionError(f"{len(found)} readings of {name} {labels or ''}, expected 1, of {names}")
    return found[0]


class CommandLine(unittest.TestCase):
    """Options and exit codes."""

    def test_version_is_printed(self):
        self.assertRegex(Site().execute("--version"), r"^checkpost \d+\.\d+\.\d+")

    def test_wrong_option_exits_with_2(self):
        self.assertIn("--nosuch", Site().execute("run", "--nosuch", code=2))

    def test_wrong_setting_exits_with_2_and_its_place(self):
        site = Site("timeout_seconds = 0\n")
        self.assertIn(rf"C:\{site.name}\checkpost.toml:1: timeout_seconds is 0", site.execute("run", code=2))


class Modules(unittest.TestCase):
    """Checks that are not built in."""

    def setUp(self):
        self.site = Site()
        self.cpu = (PREBUILT / "cpu.wasm").read_bytes()
        self.site.write("checks.d/team.wasm", self.cpu + UNNAMED_SECTION)

    def listed(self):
        return next(row for row in self.site.json("check", "list") if row["name"] == "team")

    def test_module_is_compiled_in_a_child_and_cached(self):
        for code in ["compiled", "cached"]:
            row = self.listed()
            self.assertEqual((row["code"], row["reason"]), (code, None), row["detail"])

    def test_invalid_module_is_reported_and_stops_no_other(self):
        self.site.write("checks.d/team.wasm", b"no module")
        self.site.execute("run")
        unknown = self.site.rows("SELECT instance, reason FROM evaluations WHERE reason IS NOT NULL")
        self.assertEqual(unknown, [("team", "invalid_module")])

    def test_lock_file_replaces_the_old_one(self):
        for section in [UNNAMED_SECTION, UNNAMED_SECTION * 2]:
            self.site.write("checks.d/team.wasm", self.cpu + section)
            self.assertIn("1 module pinned, written", self.site.execute("check", "lock"))
            self.assertEqual(self.listed()["pin"], "pinned")
        self.assertIn('path = "checks.d/team.wasm"', (self.site.directory / "checkpost.lock").read_text())


class Files(unittest.TestCase):
    """Paths, locks and renames, which differ on Windows."""

    def test_database_may_be_named_with_its_drive(self):
        site = Site(f'database_url = "sqlite:///C:/{Site.__name__}/deep/er.db"\n')
        site.execute("run")
        database = wine.drive_c / Site.__name__ / "deep/er.db"
        self.assertEqual(site.value("SELECT count(*) FROM runs", database=database), 1)
        self.assertTrue((database.parent / "cache").is_dir())

    def test_concurrent_runs_are_stored_or_skipped(self):
        site = Site()
        site.execute("run")
        runs = [site.start("run") for _ in range(6)]
        texts = [run.output(0) for run in runs]
        skipped = sum("skipped: another run is at work" in text for text in texts)
        self.assertGreater(skipped, 0, texts)
        self.assertEqual(site.value("SELECT count(*) FROM runs"), 1 + len(runs) - skipped)

    def test_log_is_rotated(self):
        site = Site(f"[log]\nmax_bytes = {LOG_BYTES}\nkeep = 2\n")
        for text in [b"first", b"second", b"third"]:
            site.write("logs/automation.log", text + b"\n" * LOG_BYTES)
            site.execute("run")
        logs = {path.name: path.read_bytes() for path in (site.directory / "logs").iterdir()}
        self.assertEqual(sorted(logs), ["automation.log", "automation.log.1", "automation.log.2"])
        self.assertTrue(logs["automation.log.1"].startswith(b"third"))
        self.assertTrue(logs["automation.log.2"].startswith(b"second"))
        self.assertIn(b"| INFO | Run 3 stored: ", logs["automation.log"])


if __name__ == "__main__":
    bin_directory = pathlib.Path(sys.argv.pop(1))
    unittest.main(verbosity=2)
