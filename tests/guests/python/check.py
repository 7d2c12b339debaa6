"""How full each filesystem is, compared with others of its type: the check of `../javascript/check.js`, in Python."""

import json
from collections import defaultdict
from dataclasses import dataclass
from statistics import median

import wit_world
from componentize_py_types import Err
from wit_world.imports.types import (
    Description,
    Input,
    Measure,
    Need,
    Sample,
    Setting,
    Status,
    Value,
    Value_Number,
    Verdict,
)

UTILIZATION = "system.filesystem.utilization"
MOUNTPOINT = "system.filesystem.mountpoint"
TYPE = "system.filesystem.type"

# Usage above which a warning is critical, in percent.
CRITICAL = 95.0
# How far below the threshold a raised status clears, in percent.
HYSTERESIS = 5.0
DEFAULT_THRESHOLD = 90.0


@dataclass(frozen=True)
class Filesystem:
    mountpoint: str
    type: str
    percent: float


class WitWorld(wit_world.WitWorld):
    def describe(self) -> Description:
        threshold = Setting(
            name="threshold",
            summary="Usage of a filesystem above which it is a warning.",
            default=Value_Number(DEFAULT_THRESHOLD),
            attributes=[("maximum", "100"), ("minimum", "0"), ("type", "number"), ("unit", "%")],
        )
        return Description(
            name="filesystems-python",
            version="0.1.0",
            summary="Warns of full filesystems",
            settings=[threshold],
            attributes=[("license", "MIT")],
        )

    def needs(self, settings: list[tuple[str, Value]]) -> list[Need]:
        threshold_of(settings)
        return [Need(metric=UTILIZATION, labels=[], window_seconds=0)]

    def evaluate(self, input: Input) -> list[Verdict]:
        threshold = threshold_of(input.settings)
        filesystems = fullest_first(input.samples)
        if not filesystems:
            raise Err(f"no reading of {UTILIZATION}")
        medians = medians_by_type(filesystems)
        before = dict(input.previous)
        verdicts = []
        for rank, filesystem in enumerate(filesystems, start=1):
            mountpoint, percent = filesystem.mountpoint, filesystem.percent
            status = judge(percent, threshold, before.get(mountpoint))
            verdicts.append(
                Verdict(
                    status=status,
                    subject=mountpoint,
                    title="Disk usage" if status is Status.OK else "High disk usage",
                    message=f"Disk usage of {mountpoint} is {percent:.1f}% (threshold: {threshold:.15g}%)",
                    measures=[
                        Measure("used", percent, "%", threshold, CRITICAL),
                        Measure("median", medians[filesystem.type], "%", None, None),
                    ],
                    attributes=[("rank", f"{rank} of {len(filesystems)}"), ("type", filesystem.type)],
                )
            )
        return verdicts


def threshold_of(settings: list[tuple[str, Value]]) -> float:
    threshold = dict(settings).get("threshold", Value_Number(DEFAULT_THRESHOLD))
    if not isinstance(threshold, Value_Number) or not 0 <= threshold.value <= 100:
        written = threshold.value
        if isinstance(written, float) and written.is_integer():
            written = int(written)
        raise Err(f"threshold is {json.dumps(written)}, allowed is a number from 0 to 100, in %")
    return threshold.value


def fullest_first(samples: list[Sample]) -> list[Filesystem]:
    """One entry per mount point: where one mount hides another, the fuller one stands for both."""
    fullest: dict[str, Filesystem] = {}
    for sample in samples:
        if sample.name != UTILIZATION:
            continue
        labels = dict(sample.labels)
        found = Filesystem(labels.get(MOUNTPOINT, ""), labels.get(TYPE, ""), sample.value * 100)
        known = fullest.get(found.mountpoint)
        if known is None or known.percent < found.percent:
            fullest[found.mountpoint] = found
    return sorted(fullest.values(), key=lambda filesystem: (-filesystem.percent, filesystem.mountpoint))


def medians_by_type(filesystems: list[Filesystem]) -> dict[str, float]:
    percents = defaultdict(list)
    for filesystem in filesystems:
        percents[filesystem.type].append(filesystem.percent)
    return {type: median(group) for type, group in percents.items()}


def judge(percent: float, threshold: float, before: Status | None) -> Status:
    was_raised = before in (Status.WARNING, Status.CRITICAL)
    line = threshold - HYSTERESIS if was_raised else threshold
    if percent <= line:
        return Status.OK
    return Status.CRITICAL if percent > CRITICAL else Status.WARNING
