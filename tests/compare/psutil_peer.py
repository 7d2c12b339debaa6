"""Prints psutil's readings of this machine under checkpost's names: a line of samples in JSON per line on standard input.

The first line is the name of a child process, which is of known size. With the argument `sensors` the script prints the
readings of sensors once.
"""
import json
import os
import subprocess
import sys
import time
from collections import Counter

import psutil

# A process that holds 64 MiB and does nothing.
KNOWN = """
import sys
open('/proc/self/comm', 'w').write(sys.argv[1])
memory = bytearray(64 << 20)
print('ready', flush=True)
sys.stdin.read()
"""
MODES = {"irq": "interrupt"} | {
    mode: mode for mode in ("user", "nice", "system", "idle", "iowait", "softirq", "steal")
}
STATES = {
    "running": "running",
    "sleeping": "sleeping",
    "disk-sleep": "disk_sleep",
    "stopped": "stopped",
    "tracing-stop": "stopped",
    "zombie": "defunct",
    "idle": "idle",
}


class Samples(list):
    def add(self, name, value, labels=None):
        self.append({"name": name, "labels": labels or {}, "value": value})


def cpus(samples):
    samples.add("system.cpu.logical.count", psutil.cpu_count())
    for field, seconds in psutil.cpu_times()._asdict().items():
        if field in MODES:
            samples.add("system.cpu.time", seconds, {"cpu.mode": MODES[field]})
    for number, times in enumerate(psutil.cpu_times(percpu=True)):
        for field, seconds in times._asdict().items():
            if field in MODES:
                labels = {"cpu.logical_number": str(number), "cpu.mode": MODES[field]}
                samples.add("checkpost.cpu.core.time", seconds, labels)


def system(samples):
    samples.add("checkpost.boot.time", psutil.boot_time())
    for name, load in zip(("1m", "5m", "15m"), os.getloadavg()):
        samples.add(f"checkpost.load_{name}", load)
    # Without this file psutil finds no users; checkpost asks systemd-logind.
    if os.path.exists("/run/utmp"):
        samples.add("checkpost.user.count", len(psutil.users()))


def memory(samples):
    memory = psutil.virtual_memory()
    samples.add("system.memory.limit", memory.total)
    samples.add("system.linux.memory.available", memory.available)
    samples.add("system.memory.utilization", memory.percent / 100)
    used = memory.total - memory.available
    for state, value in (
        ("used", used), ("free", memory.free), ("cached", memory.cached), ("buffers", memory.buffers)
    ):
        samples.add("system.memory.usage", value, {"system.memory.state": state})
    swap = psutil.swap_memory()
    if swap.total:
        samples.add("system.paging.usage", swap.used, {"system.paging.state": "used"})
        samples.add("system.paging.usage", swap.free, {"system.paging.state": "free"})
        samples.add("system.paging.utilization", swap.percent / 100)
    # psutil assumes pages of 4 KiB.
    samples.add("system.paging.operations", swap.sin / 4096, {"system.paging.direction": "in"})
    samples.add("system.paging.operations", swap.sout / 4096, {"system.paging.direction": "out"})


def filesystems(samples):
    for partition in psutil.disk_partitions(all=True):
        try:
            usage = psutil.disk_usage(partition.mountpoint)
        except OSError:
            continue  # A mount of another test that is gone.
        if usage.total:
            labels = {
                "system.device": partition.device,
                "system.filesystem.mode": "ro" if "ro" in partition.opts.split(",") else "rw",
                "system.filesystem.mountpoint": partition.mountpoint,
                "system.filesystem.type": partition.fstype,
            }
            samples.add("system.filesystem.limit", usage.total, labels)
            samples.add("system.filesystem.utilization", usage.percent / 100, labels)
            samples.add("system.filesystem.usage", usage.used, labels | {"system.filesystem.state": "used"})
            samples.add("system.filesystem.usage", usage.free, labels | {"system.filesystem.state": "free"})


def disks(samples):
    for device, of in psutil.disk_io_counters(perdisk=True, nowrap=False).items():
        for direction, operations, size, milliseconds in (
            ("read", of.read_count, of.read_bytes, of.read_time),
            ("write", of.write_count, of.write_bytes, of.write_time),
        ):
            labels = {"system.device": device, "disk.io.direction": direction}
            samples.add("system.disk.operations", operations, labels)
            samples.add("system.disk.io", size, labels)
            samples.add("system.disk.operation_time", milliseconds / 1000, labels)
        samples.add("system.disk.io_time", of.busy_time / 1000, {"system.device": device})


def interfaces(samples):
    for name, of in psutil.net_io_counters(pernic=True, nowrap=False).items():
        for direction, size, packets, errors, dropped in (
            ("receive", of.bytes_recv, of.packets_recv, of.errin, of.dropin),
            ("transmit", of.bytes_sent, of.packets_sent, of.errout, of.dropout),
        ):
            labels = {"network.interface.name": name, "network.io.direction": direction}
            samples.add("system.network.io", size, labels)
            samples.add("system.network.packet.count", packets, labels)
            samples.add("system.network.errors", errors, labels)
            samples.add("system.network.packet.dropped", dropped, labels)


def processes(samples):
    states = Counter()
    for process in psutil.process_iter():
        try:
            states[STATES.get(process.status(), "other")] += 1
            resident = process.memory_info().rss
            if resident:
                samples.add("process.memory.usage", resident, {"process.pid": str(process.pid)})
        except psutil.Error:
            continue  # The process has ended.
    for state, count in states.items():
        samples.add("system.process.count", count, {"process.state": state})


def known(samples, name, pid):
    process = psutil.Process(pid)
    labels = {"process.watched.pattern": name}
    samples.add("process.watched.count", 1, labels)
    samples.add("process.watched.memory.usage", process.memory_info().rss, labels)
    samples.add("process.watched.open_file_descriptor.count", process.num_fds(), labels)
    samples.add("process.watched.uptime", time.time() - process.create_time(), labels)


def sensors(samples):
    def names(groups):
        """Named by chip and label; sensors that no label distinguishes are left out."""
        count = Counter((chip, sensor.label) for chip, group in groups.items() for sensor in group)
        for chip, group in groups.items():
            for sensor in group:
                if sensor.label and count[chip, sensor.label] == 1:
                    yield {"hw.name": f"{chip} {sensor.label}"}, sensor
                elif not sensor.label and len(group) == 1:
                    yield {"hw.name": chip}, sensor

    for labels, sensor in names(psutil.sensors_temperatures()):
        samples.add("hw.temperature", sensor.current, labels)
        for kind, limit in (("high.degraded", sensor.high), ("high.critical", sensor.critical)):
            if limit:
                samples.add("hw.temperature.limit", limit, labels | {"hw.limit_type": kind})
    for labels, sensor in names(psutil.sensors_fans()):
        samples.add("hw.fan.speed", sensor.current, labels)


def main():
    if sys.argv[1:] == ["sensors"]:
        samples = Samples()
        sensors(samples)
        print(json.dumps(samples))
        return
    name = sys.stdin.readline().strip()
    with subprocess.Popen(
        [sys.executable, "-c", KNOWN, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        for _ in sys.stdin:
            samples = Samples()
            for collect in (cpus, system, memory, filesystems, disks, interfaces, processes):
                collect(samples)
            known(samples, name, child.pid)
            print(json.dumps(samples), flush=True)
        child.stdin.close()


main()
