"""Reference values for the bootstrap, Holm and median of crates/lab/src/statistics, computed with SciPy.

    python python/golden/sweep_statistics.py crates/lab/tests/golden
"""

import json
import pathlib
import sys

import numpy
from scipy import stats

generator = numpy.random.default_rng(20260202)
folder = pathlib.Path(sys.argv[1])

DIFFERENCES = {
    "six": [0.021, -0.004, 0.013, 0.035, 0.008, 0.017],
    "ten, undecided": generator.normal(0.004, 0.03, 10).tolist(),
    "ten, one far away": [*generator.normal(0.02, 0.01, 9).tolist(), 0.21],
    "twenty": generator.normal(-0.01, 0.02, 20).tolist(),
    "ten, ties": [0.0, 0.0, 0.01, 0.01, -0.01, 0.02, 0.0, 0.01, 0.03, 0.0],
}

# Where values are tied, resampled means lie on a grid, and a quantile near a step falls on either side of it by the draws.
STEPS = {"ten, ties": 0.01 / 10}


def bootstrap_case(name, values):
    count = len(values)
    t = stats.t.ppf(0.975, count - 1)
    tail = stats.norm.cdf(-t * numpy.sqrt(count / (count - 1)))
    result = stats.bootstrap(
        (numpy.array(values),),
        numpy.mean,
        confidence_level=1 - 2 * tail,
        n_resamples=1_000_000,
        batch=100_000,
        method="percentile",
        random_state=numpy.random.default_rng(7),
    )
    return {
        "name": name,
        "differences": values,
        "tail": float(tail),
        "low": float(result.confidence_interval.low),
        "high": float(result.confidence_interval.high),
        "standard_error": float(numpy.std(values, ddof=1) / numpy.sqrt(count)),
        "step": STEPS.get(name, 0.0),
    }


def holm(values):
    """Holm's step-down by its definition: the largest of (m - j + 1) p_(j) over all j up to the value's own rank."""
    values = numpy.array(values)
    ranked = numpy.sort(values)
    count = len(values)
    steps = numpy.minimum(1.0, ranked * (count - numpy.arange(count)))
    running = numpy.maximum.accumulate(steps)
    return [float(running[numpy.searchsorted(ranked, value)]) for value in values]


P_VALUES = [
    [0.01, 0.04, 0.03, 0.005],
    [0.5, 0.6, 0.001],
    (0.1 * stats.uniform.rvs(size=9, random_state=3)).tolist(),
]

cases = [bootstrap_case(name, values) for name, values in DIFFERENCES.items()]
(folder / "bootstrap.json").write_text(json.dumps(cases, indent=1) + "\n")
cases = [{"p": values, "holm": holm(values)} for values in P_VALUES]
(folder / "holm.json").write_text(json.dumps(cases, indent=1) + "\n")
cases = [
    {"values": values, "median": float(numpy.median(values)), "sd": float(numpy.std(values, ddof=1))}
    for values in DIFFERENCES.values()
]
(folder / "spread.json").write_text(json.dumps(cases, indent=1) + "\n")
