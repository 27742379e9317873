"""Reference values for crates/data/src/metric, computed with scikit-learn and SciPy.

    python python/golden/metrics.py > crates/data/tests/golden/metrics.json
"""

import json

import numpy
from scipy import stats
from sklearn import metrics

generator = numpy.random.default_rng(20260102)


def classes(name, predicted, actual):
    predicted, actual = [int(x) for x in predicted], [int(x) for x in actual]
    values = {
        "accuracy": metrics.accuracy_score(actual, predicted),
        "matthews": metrics.matthews_corrcoef(actual, predicted),
    }
    if max(predicted + actual) < 2:
        values["f1"] = metrics.f1_score(actual, predicted, zero_division=0)
        values["accuracy_f1"] = (values["accuracy"] + values["f1"]) / 2
    return {"name": name, "classes": True, "predicted": predicted, "actual": actual, "values": values}


def scores(name, predicted, actual):
    # What a model gives and a file holds: single precision.
    predicted = numpy.array(predicted, dtype=numpy.float32)
    actual = numpy.array(actual, dtype=numpy.float32)
    wide = predicted.astype(numpy.float64), actual.astype(numpy.float64)
    values = {
        "pearson": float(stats.pearsonr(*wide).statistic),
        "spearman": float(stats.spearmanr(*wide).statistic),
    }
    values["pearson_spearman"] = (values["pearson"] + values["spearman"]) / 2
    return {
        "name": name,
        "classes": False,
        "predicted": predicted.tolist(),
        "actual": actual.tolist(),
        "values": values,
    }


def noisy(actual, share, count):
    noise = generator.integers(0, count, len(actual))
    return numpy.where(generator.random(len(actual)) < share, noise, actual)


two = (generator.random(60) < 0.3).astype(int)
three = generator.integers(0, 3, 50)
five = numpy.round(generator.uniform(0, 5, 40) * 5) / 5
CASES = [
    classes("two", noisy(two, 0.4, 2), two),
    classes("two, all right", two, two),
    classes("two, all wrong", 1 - two, two),
    classes("two, constant prediction", numpy.zeros_like(two), two),
    classes("two, class 1 nowhere", [0, 0, 0, 0], [0, 0, 0, 0]),
    classes("three", noisy(three, 0.5, 3), three),
    classes("three, one never predicted", numpy.minimum(noisy(three, 0.3, 3), 1), three),
    scores("close", five + generator.normal(0, 0.4, 40), five),
    scores("ties on both sides", numpy.round(five + generator.normal(0, 1.0, 40)), numpy.round(five)),
    scores("against each other", -five + generator.normal(0, 2.0, 40), five),
    scores("far from zero", 1e4 + five + generator.normal(0, 0.1, 40), five),
    scores("two rows", [0.3, 0.1], [4.0, 5.0]),
]
print("[\n" + ",\n".join(json.dumps(case) for case in CASES) + "\n]")
