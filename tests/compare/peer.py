"""What psutil says of this machine, by checkpost's names: a line of samples in JSON for each line on standard input.

The first line is the name of a process of its own, of which everything is known. With `sensors` as an argument it says
what it knows of sensors, once.
"""
import json
import os
import subprocess
import sys
import time
from collections import Counter

import psutil

# 64 MiB that are there, and nothing to do.
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


def cpus(told):
    told.add("system.cpu.logical.count", psutil.cpu_count())
    for field, seconds in psutil.cpu_times()._asdict().items():
        if field in MODES:
            told.add("system.cpu.time", seconds, {"cpu.mode": MODES[field]})
    for number, times in enumerate(psutil.cpu_times(percpu=True)):
        for field, seconds in times._asdict().items():
            if field in MODES:
                labels = {"cpu.logical_number": str(number), "cpu.mode": MODES[field]}
                told.add("checkpost.cpu.core.time", seconds, labels)


def system(told):
    told.add("checkpost.boot.time", psutil.boot_time())
    for name, load in zip(("1m", "5m", "15m"), os.getloadavg()):
        told.add(f"checkpost.load_{name}", load)
    # Without this file psutil knows nobody; checkpost asks systemd-logind.
    if os.path.exists("/run/utmp"):
        told.add("checkpost.user.count", len(psutil.users()))


def memory(told):
    memory = psutil.virtual_memory()
    told.add("system.memory.limit", memory.total)
    told.add("system.linux.memory.available", memory.available)
    told.add("system.memory.utilization", memory.percent / 100)
    used = memory.total - memory.available
    for state, value in (
        ("used", used), ("free", memory.free), ("cached", memory.cached), ("buffers", memory.buffers)
    ):
        told.add("system.memory.usage", value, {"system.memory.state": state})
    swap = psutil.swap_memory()
    if swap.total:
        told.add("system.paging.usage", swap.used, {"system.paging.state": "used"})
        told.add("system.paging.usage", swap.free, {"system.paging.state": "free"})
        told.add("system.paging.utilization", swap.percent / 100)
    # It takes every page for 4 KiB.
    told.add("system.paging.operations", swap.sin / 4096, {"system.paging.direction": "in"})
    told.add("system.paging.operations", swap.sout / 4096, {"system.paging.direction": "out"})


def filesystems(told):
    for partition in psutil.disk_partitions(all=True):
        try:
            usage = psutil.disk_usage(partition.mountpoint)
        except OSError:
            continue  # Of another test, and gone.
        if usage.total:
            labels = {
                "system.device": partition.device,
                "system.filesystem.mode": "ro" if "ro" in partition.opts.split(",") else "rw",
                "system.filesystem.mountpoint": partition.mountpoint,
                "system.filesystem.type": partition.fstype,
            }
            told.add("system.filesystem.limit", usage.total, labels)
            told.add("system.filesystem.utilization", usage.percent / 100, labels)
            told.add("system.filesystem.usage", usage.used, labels | {"system.filesystem.state": "used"})
            told.add("system.filesystem.usage", usage.free, labels | {"system.filesystem.state": "free"})


def disks(told):
    for device, of in psutil.disk_io_counters(perdisk=True, nowrap=False).items():
        for direction, operations, size, milliseconds in (
            ("read", of.read_count, of.read_bytes, of.read_time),
            ("write", of.write_count, of.write_bytes, of.write_time),
        ):
            labels = {"system.device": device, "disk.io.direction": direction}
            told.add("system.disk.operations", operations, labels)
            told.add("system.disk.io", size, labels)
            told.add("system.disk.operation_time", milliseconds / 1000, labels)
        told.add("system.disk.io_time", of.busy_time / 1000, {"system.device": device})


def interfaces(told):
    for name, of in psutil.net_io_counters(pernic=True, nowrap=False).items():
        for direction, size, packets, errors, dropped in (
            ("receive", of.bytes_recv, of.packets_recv, of.errin, of.dropin),
            ("transmit", of.bytes_sent, of.packets_sent, of.errout, of.dropout),
        ):
            labels = {"network.interface.name": name, "network.io.direction": direction}
            told.add("system.network.io", size, labels)
            told.add("system.network.packet.count", packets, labels)
            told.add("system.network.errors", errors, labels)
            told.add("system.network.packet.dropped", dropped, labels)


def processes(told):
    states = Counter()
    for process in psutil.process_iter():
        try:
            states[STATES.get(process.status(), "other")] += 1
            resident = process.memory_info().rss
            if resident:
                told.add("process.memory.usage", resident, {"process.pid": str(process.pid)})
        except psutil.Error:
            continue  # It has ended.
    for state, count in states.items():
        told.add("system.process.count", count, {"process.state": state})


def known(told, name, pid):
    process = psutil.Process(pid)
    labels = {"process.watched.pattern": name}
    told.add("process.watched.count", 1, labels)
    told.add("process.watched.memory.usage", process.memory_info().rss, labels)
    told.add("process.watched.open_file_descriptor.count", process.num_fds(), labels)
    told.add("process.watched.uptime", time.time() - process.create_time(), labels)


def sensors(told):
    def names(groups):
        """By chip and label; what no label tells apart from others is left out."""
        count = Counter((chip, sensor.label) for chip, group in groups.items() for sensor in group)
        for chip, group in groups.items():
            for sensor in group:
                if sensor.label and count[chip, sensor.label] == 1:
                    yield {"hw.name": f"{chip} {sensor.label}"}, sensor
                elif not sensor.label and len(group) == 1:
                    yield {"hw.name": chip}, sensor

    for labels, sensor in names(psutil.sensors_temperatures()):
        told.add("hw.temperature", sensor.current, labels)
        for kind, limit in (("high.degraded", sensor.high), ("high.critical", sensor.critical)):
            if limit:
                told.add("hw.temperature.limit", limit, labels | {"hw.limit_type": kind})
    for labels, sensor in names(psutil.sensors_fans()):
        told.add("hw.fan.speed", sensor.current, labels)


def main():
    if sys.argv[1:] == ["sensors"]:
        told = Samples()
        sensors(told)
        print(json.dumps(told))
        return
    name = sys.stdin.readline().strip()
    with subprocess.Popen(
        [sys.executable, "-c", KNOWN, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        for _ in sys.stdin:
            told = Samples()
            for tell in (cpus, system, memory, filesystems, disks, interfaces, processes):
                tell(told)
            known(told, name, child.pid)
            print(json.dumps(told), flush=True)
        child.stdin.close()


main()
