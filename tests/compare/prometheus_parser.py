"""Parses an exposition on standard input with Prometheus' own client for Python, and prints its families as JSON."""
import json
import sys

from prometheus_client.parser import text_string_to_metric_families

json.dump(
    [
        {
            "name": family.name,
            "help": family.documentation,
            "type": family.type,
            "samples": [{"name": s.name, "labels": s.labels, "value": s.value} for s in family.samples],
        }
        for family in text_string_to_metric_families(sys.stdin.read())
    ],
    sys.stdout,
)
