"""Reads the event files of runs with the real `tensorboard` package and compares them with metrics.jsonl.

    pip install tensorboard
    python read_back.py RUN [RUN ...]

Every loss of a step, every loss of a validation and every value of `health` in metrics.jsonl must be there, at the same step
and with the same value to f32; steps that an interruption voided must be gone.
"""

import json
import struct
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def f32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def expected(run):
    """{tag: {step: value}} of a run's metrics.jsonl."""
    tags = {}

    def put(tag, step, value):
        tags.setdefault(tag, {})[step] = f32(value)

    for line in (run / "metrics.jsonl").read_text().splitlines():
        event = json.loads(line)
        step = event.get("step")
        if event["event"] == "step":
            put("loss/train", step, event["loss"])
            put("gradient_norm/weights", step, event["gradient_norm"])
        elif event["event"] == "validation":
            put("loss/validation", step, event["loss"])
            put("masked_accuracy", step, event["masked_accuracy"])
        elif event["event"] == "task_validation":
            for name, value in event["metrics"].items():
                put(f"validation/{name}", step, value)
        health = event.get("health") or {}
        for role, value in health.get("gradient_norms", {}).items():
            put(f"gradient_norm_by_role/{role}", step, value)
        for role, value in health.get("update_ratios", {}).items():
            put(f"update_ratio/{role}", step, value)
        for site in health.get("sites", []):
            put(f"outside/{site['site']}", step, site["outside"])
            put(f"largest_input/{site['site']}", step, site["largest"])
    return tags


def check(run):
    # 0 keeps everything, instead of a sample.
    events = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0, "histograms": 0})
    events.Reload()
    count = 0
    for tag, values in expected(run).items():
        read = {event.step: event.value for event in events.Scalars(tag)}
        assert read == values, f"{run}: {tag}: {read} instead of {values}"
        count += len(values)
    histograms = events.Tags()["histograms"]
    assert any(tag.startswith("inputs/") for tag in histograms), f"{run}: no input histograms"
    for tag in histograms:
        for event in events.Histograms(tag):
            value = event.histogram_value
            assert abs(sum(value.bucket) - value.num) < 0.5, f"{run}: {tag}: counts"
    files = len(list((run / "tensorboard").iterdir()))
    print(f"{run.name}: {count} scalars in {len(expected(run))} tags as in metrics.jsonl,"
          f" {len(histograms)} histograms, {files} file(s)")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for argument in sys.argv[1:]:
        check(Path(argument))
