"""What the table scripts of this folder read from run folders, and how they compare them; comparing needs scipy.

A difference has a 95 % t-interval over seeds and the p of a paired t-test. Plateau: the first step at which the mean training loss
of the last 50 steps is 0.1 below that of word frequencies.
"""

import json
from statistics import mean, stdev

WINDOW = 50
MARGIN = 0.1


def paired(own, base):
    """Seeds, mean, interval, p of own − base over their common seeds."""
    differences = [own[seed] - base[seed] for seed in sorted(own) if seed in base]
    if len(differences) < 2:
        return len(differences), differences[0] if differences else float("nan"), None, None
    from scipy import stats

    result = stats.ttest_1samp(differences, 0.0)
    interval = result.confidence_interval(0.95)
    return len(differences), mean(differences), (interval.low, interval.high), result.pvalue


def events(run):
    with open(run / "metrics.jsonl") as lines:
        return [json.loads(line) for line in lines]


def plateau(run):
    level, losses = None, []
    for event in events(run):
        if event["event"] == "prepared":
            level = event["unigram_loss"]
        elif event["event"] == "step":
            losses.append(event["loss"])
            if len(losses) >= WINDOW and mean(losses[-WINDOW:]) < level - MARGIN:
                return event["step"]
    return None


def diverged(run):
    """The step at which the run stopped because its loss was not finite, none if it did not."""
    return next((event["step"] for event in events(run) if event["event"] == "diverged"), None)


def spread(values, digits=4):
    """Mean and standard deviation over seeds."""
    values = list(values)
    return f"{mean(values):.{digits}f}" + (f" ± {stdev(values):.{digits}f}" if len(values) > 1 else "")
