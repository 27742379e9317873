"""Reference values for crates/lab/src/statistics.rs, computed with SciPy.

    python python/golden/statistics.py > crates/lab/tests/golden/statistics.json
"""

import itertools
import json

import numpy
from scipy import stats

generator = numpy.random.default_rng(20260101)

CASES = {
    "two": [-0.013, -0.004],
    "three": [-0.0123, -0.0098, -0.0151],
    "undecided": [0.02, -0.01, 0.004, -0.007],
    "ten": generator.normal(-0.01, 0.02, 10).tolist(),
    "twelve, far from zero": generator.normal(-0.05, 0.004, 12).tolist(),
    "eight, ties": [0.01, -0.01, 0.01, 0.01, -0.01, 0.01, 0.01, 0.02],
    "sixteen": generator.normal(0.003, 0.01, 16).tolist(),
    "large": (1e3 + generator.normal(0, 1.0, 9)).tolist(),
}


def sign_flip(values):
    """Share of the sign assignments whose sum is at least as far from 0, with equal sums counted as equal."""
    values = numpy.array(values)
    signs = numpy.array(list(itertools.product([1.0, -1.0], repeat=len(values))))
    sums = numpy.abs(signs @ values)
    return float(numpy.mean(sums >= abs(values.sum()) - 1e-12 * numpy.abs(values).sum()))


def case(name, values):
    test = stats.ttest_1samp(values, 0.0)
    interval = test.confidence_interval(0.95)
    return {
        "name": name,
        "differences": values,
        "mean": float(numpy.mean(values)),
        "sd": float(numpy.std(values, ddof=1)),
        "low": float(interval.low),
        "high": float(interval.high),
        "p": float(test.pvalue),
        "sign_flip_p": sign_flip(values),
    }


print(json.dumps([case(name, values) for name, values in CASES.items()], indent=1))
