"""The script that checkpost replaces, as the baseline of `make bench`: psutil, thresholds from .env, SQLite, a report.

Usage: python psutil_monitor.py DIRECTORY   (holds .env, data/automation.db, logs/automation.log)
"""

import logging
import os
import platform
import socket
import sqlite3
import sys
from datetime import datetime, timezone
from pathlib import Path

import psutil

GB = 1024**3
MB = 1024**2


def read_env(path):
    """KEY=VALUE lines of a .env file; variables of the environment take precedence."""
    values = {}
    if path.exists():
        for line in path.read_text().splitlines():
            key, separator, value = line.partition("=")
            if separator and not key.lstrip().startswith("#"):
                values[key.strip()] = value.strip()
    return {**values, **os.environ}


def collect():
    """The headline figures; cpu_percent blocks for its window of one second."""
    memory = psutil.virtual_memory()
    disk = psutil.disk_usage("/")
    network = psutil.net_io_counters()
    return {
        "timestamp": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "hostname": socket.gethostname(),
        "platform": platform.platform(),
        "cpu_percent": psutil.cpu_percent(interval=1),
        "cpu_count": psutil.cpu_count(),
        "memory_percent": memory.percent,
        "memory_used_bytes": memory.total - memory.available,
        "memory_total_bytes": memory.total,
        "disk_percent": disk.percent,
        "disk_used_bytes": disk.used,
        "disk_total_bytes": disk.total,
        "network_sent_bytes": network.bytes_sent,
        "network_received_bytes": network.bytes_recv,
    }


def judge(metrics, env):
    """(level, title, message) for each figure above its threshold."""
    lines = [
        ("CPU", metrics["cpu_percent"], float(env.get("CPU_THRESHOLD", 80)), ""),
        (
            "Memory",
            metrics["memory_percent"],
            float(env.get("MEMORY_THRESHOLD", 85)),
            f"{metrics['memory_used_bytes'] / GB:.2f}GB / {metrics['memory_total_bytes'] / GB:.2f}GB, ",
        ),
        (
            "Disk",
            metrics["disk_percent"],
            float(env.get("DISK_THRESHOLD", 90)),
            f"{metrics['disk_used_bytes'] / GB:.2f}GB / {metrics['disk_total_bytes'] / GB:.2f}GB, ",
        ),
    ]
    return [
        (
            "CRITICAL" if value > 95 else "WARNING",
            f"High {name} usage",
            f"{name} usage is {value:.1f}% ({detail}threshold: {threshold:g}%)",
        )
        for name, value, threshold, detail in lines
        if value > threshold
    ]


def store(path, metrics, alerts):
    """Stores one row of metrics, and one notification per alert, in one transaction."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as database:
        columns = ", ".join(metrics)
        database.execute(f"CREATE TABLE IF NOT EXISTS system_metrics (id INTEGER PRIMARY KEY, {columns})")
        database.execute(
            "CREATE TABLE IF NOT EXISTS notifications (id INTEGER PRIMARY KEY, channel, level, title, message, sent_at)"
        )
        marks = ", ".join("?" * len(metrics))
        database.execute(f"INSERT INTO system_metrics ({columns}) VALUES ({marks})", tuple(metrics.values()))
        database.executemany(
            "INSERT INTO notifications (channel, level, title, message, sent_at) VALUES ('system_monitoring', ?, ?, ?, ?)",
            [(*alert, metrics["timestamp"]) for alert in alerts],
        )


def report(metrics, alerts):
    """Prints the console report."""
    print(f"System report  {metrics['timestamp']}  {metrics['hostname']}  {metrics['platform']}")
    print(f"  CPU     {metrics['cpu_percent']:.1f}% ({metrics['cpu_count']} cores)")
    print(f"  Memory  {metrics['memory_percent']:.1f}% of {metrics['memory_total_bytes'] / GB:.2f}GB")
    print(f"  Disk    {metrics['disk_percent']:.1f}% of {metrics['disk_total_bytes'] / GB:.2f}GB")
    print(f"  Network {metrics['network_sent_bytes'] / MB:.1f}MB up, {metrics['network_received_bytes'] / MB:.1f}MB down")
    for level, _, message in alerts:
        print(f"  {level}: {message}")
    if not alerts:
        print("  All figures are below their thresholds.")


def main():
    directory = Path(sys.argv[1])
    (directory / "logs").mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=directory / "logs/automation.log",
        level=logging.DEBUG,
        format="%(asctime)s | %(levelname)s | %(message)s",
        datefmt="%Y-%m-%d %H:%M:%S",
    )
    metrics = collect()
    logging.debug(
        "Metrics collected: CPU=%.1f%%, Memory=%.1f%%, Disk=%.1f%%",
        metrics["cpu_percent"],
        metrics["memory_percent"],
        metrics["disk_percent"],
    )
    alerts = judge(metrics, read_env(directory / ".env"))
    store(directory / "data/automation.db", metrics, alerts)
    report(metrics, alerts)


if __name__ == "__main__":
    main()
