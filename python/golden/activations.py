"""Golden values of the activation functions: value, derivative and coefficient gradients by PyTorch in double precision.

Writes crates/activation/tests/golden/activations.json: for each text form the coefficients of one group, value and derivative
at each of 200 inputs, and the gradient of sum(weight · value) by each coefficient, where the weight of input i is
((37 i + 11) mod 41) / 20 − 1.

The functions are written here from their papers with PyTorch's own operations, not from the program's formulas; autograd
differentiates them.

    python python/golden/activations.py

Needs PyTorch (any recent version, CPU).
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F

FILE = Path(__file__).resolve().parents[2] / "crates" / "activation" / "tests" / "golden" / "activations.json"


def powers(x, c):
    return sum(c[k] * x**k for k in range(len(c)))


def guarded(limit):
    """A polynomial that its tangent continues beyond the limit."""

    def function(x, c):
        edge = torch.tensor(limit, dtype=x.dtype) * x.detach().sign()
        rise = sum(k * c[k] * edge ** (k - 1) for k in range(1, len(c)))
        tangent = powers(edge, c) + rise * (x - edge)
        return torch.where(x.abs() > limit, tangent, powers(x, c))

    return function


def fixed_cube(x, c):
    return guarded(4.0)(x, torch.tensor([0.0, 0, 0, 1], dtype=x.dtype))


def arelu(x, c):
    alpha, beta = c
    return torch.where(x > 0, (1 + torch.sigmoid(beta)) * x, alpha.clamp(0.01, 0.99) * x)


def crrelu(x, c):
    return F.relu(x) + c[0] * x * torch.exp(-x.square() / 2)


def snake(x, c):
    a = c[0].exp()
    return x + torch.sin(a * x) ** 2 / a


def xielu(beta):
    def function(x, c):
        positive, negative = F.softplus(c[0]), beta + F.softplus(c[1])
        left = negative * (torch.expm1(x.clamp(max=0)) - x.clamp(max=0)) + beta * x
        return torch.where(x > 0, positive * x * x + beta * x, left)

    return function


def series(base):
    def function(x, c):
        terms = len(c) // 2
        return sum(c[n] * base(x + c[terms + n]) for n in range(terms))

    return function


def printed(x, c):
    terms = len(c) // 2
    return sum(c[n] * F.relu(x) + c[terms + n] for n in range(terms))


def composed(x, c):
    terms = len(c) // 2
    for n in range(terms):
        x = F.relu(x) * c[n] + c[terms + n]
    return F.relu(x)


def spline(low, high):
    def function(x, c):
        """Interpolation by looking the piece up; a knot belongs to the piece on its left."""
        place = (x - low) / (high - low) * (len(c) - 1)
        left = (place.detach().ceil() - 1).clamp(0, len(c) - 2).long()
        return c[left] + (c[left + 1] - c[left]) * (place - left)

    return function


def corrected(start, low, values):
    """The start and c times a table: interpolated by looking the piece up, zero beyond one more knot on either side."""
    padded = torch.tensor([0.0, *values, 0.0], dtype=torch.float64)

    def function(x, c):
        place = (x - low[0]) / low[1] + 1
        left = (place.detach().ceil() - 1).clamp(0, len(padded) - 2).long()
        inside = (place > 0) & (place <= len(padded) - 1)
        table = padded[left] + (padded[left + 1] - padded[left]) * (place - left)
        return start(x) + c[0] * torch.where(inside, table, 0 * x)

    return function


# x·exp(−x²/2) to six digits at the 65 knots of the default table.
NORMAL = [round(x * math.exp(-x * x / 2), 6) for x in (-4.5 + 9 * k / 64 for k in range(65))]


def rational(form, numerator):
    def function(x, c):
        a, b = c[:numerator], c[numerator:]
        if form == "a":
            # The magnitude of a coefficient has derivative 1 at 0.
            q = 1 + sum(torch.where(b[k] < 0, -b[k], b[k]) * x.abs() ** (k + 1) for k in range(len(b)))
        elif form == "b":
            q = 1 + torch.abs(sum(b[k] * x ** (k + 1) for k in range(len(b))))
        elif form == "c":
            q = 0.1 + torch.abs(sum(b[k] * x**k for k in range(len(b))))
        else:
            q = 1 + sum(b[k] * x ** (k + 1) for k in range(len(b)))
        return powers(x, a) / q

    return function


def held(function, coefficients):
    """With the coefficients as numbers, in single precision as the program keeps them."""
    return lambda x, c: function(x, torch.tensor(coefficients, dtype=torch.float32).to(x.dtype))


RATIONAL = [-0.0012, 0.51, 0.42, 0.13, 0.024, 0.0029]

# Text form: function, coefficients of a group, kinks.
def scaled(scale, function):
    """The function of x / scale."""
    return lambda x, c: function(x / scale, c)


CASES = {
    "identity": (lambda x, c: x * 1, [], []),
    "relu": (lambda x, c: F.relu(x), [], [0]),
    "leaky_relu(0.3)": (lambda x, c: F.leaky_relu(x, 0.3), [], [0]),
    "gelu": (lambda x, c: F.gelu(x), [], []),
    "gelu_tanh": (lambda x, c: F.gelu(x, approximate="tanh"), [], []),
    "silu": (lambda x, c: F.silu(x), [], []),
    "tanh": (lambda x, c: torch.tanh(x), [], []),
    "sigmoid": (lambda x, c: torch.sigmoid(x), [], []),
    "prelu": (lambda x, c: F.prelu(x, c), [0.17], [0]),
    "polynomial": (guarded(4.0), [0.1, 0.9, -0.3, 0.05], [4, -4]),
    "polynomial(5, start=gelu, limit=2.5)": (guarded(2.5), [0.1, 0.9, -0.3, 0.05, 0.02, -0.01], [2.5, -2.5]),
    "polynomial(start=power, coefficients=fixed)": (fixed_cube, [], [4, -4]),
    "slaf(3)": (guarded(4.0), [1.0, 1.0, 1.0], []),
    "swish": (lambda x, c: x * torch.sigmoid(c[0] * x), [1.3], []),
    "arelu": (arelu, [0.9, 2.0], [0]),
    "crrelu": (crrelu, [-0.2], [0]),
    "snake": (snake, [0.4], []),
    "xielu": (xielu(0.5), [0.3, -0.9], [0]),
    "series": (series(F.relu), [0.3, 0.5, -0.2, -1.0, 0.25, 1.5], [1.0, -0.25, -1.5]),
    "series(2, base=gelu)": (series(F.gelu), [0.7, 0.4, -0.5, 1.0], []),
    "series(form=printed)": (printed, [0.3, 0.5, -0.2, -1.0, 0.25, 1.5], [0]),
    "series(form=composed)": (composed, [1.2, 0.5, -0.7, -0.5, 0.25, 2.0], [0]),
    "spline": (spline(-4.0, 4.0), [math.sin(k) for k in range(17)], [-3.5, 0, 0.5, 4]),
    "corrected": (corrected(F.relu, (-4.5, 9 / 64), NORMAL), [0.3], [0, -4.5, 4.640625]),
    "corrected(silu, 0.3, table=[0.25, -0.5, 0, 1, 0.125], range=-2..3)": (
        corrected(F.silu, (-2.0, 1.25), [0.25, -0.5, 0, 1, 0.125]),
        [-0.7],
        [-3.25, -2, 0.5, 3, 4.25],
    ),
    "rational": (rational("a", 6), RATIONAL + [-0.067, 0.18, 0.0, 0.0011], [0]),
    "rational(form=b)": (rational("b", 6), RATIONAL + [-0.067, 0.18, 0.037, 0.0011], [0]),
    "rational(form=c)": (rational("c", 6), RATIONAL + [0.8, -0.067, 0.18, 0.037, 0.0011], []),
    "rational(form=n)": (rational("n", 6), RATIONAL + [0.067, 0.38, 0.037, 0.011], []),
    "rational(scale=4)": (scaled(4.0, rational("a", 6)), RATIONAL + [-0.067, 0.18, 0.0, 0.0011], [0]),
    "rational(form=c, scale=0.5)": (scaled(0.5, rational("c", 6)), RATIONAL + [0.8, -0.067, 0.18, 0.037, 0.0011], []),
    "frozen(rational(3/2), [0.01, 0.5, 0.3, 0, 0.1, 0.2])": (held(rational("a", 4), [0.01, 0.5, 0.3, 0.0, 0.1, 0.2]), [], [0]),
    "frozen(swish, [1.25])": (held(lambda x, c: x * torch.sigmoid(c[0] * x), [1.25]), [], []),
}


def inputs(kinks):
    """Kinks, large inputs, and between them a walk over ±6 that no grid of kinks meets: 200 in all."""
    special = [float(kink) for kink in kinks] + [0.0, 1e-7, -1e-7, 30.0, -30.0, 1000.0, -1000.0]
    count = 200 - len(special)
    return special + [round(round(12 * ((index * 0.6180339887) % 1) - 6, 3) + 0.0003, 4) for index in range(count)]


def weights(count):
    return torch.tensor([((37 * index + 11) % 41) / 20 - 1 for index in range(count)], dtype=torch.float64)


def digits(values):
    return [float(f"{value:.10g}") for value in values]


def main():
    cases = []
    for text, (function, coefficients, kinks) in CASES.items():
        places = inputs(kinks)
        x = torch.tensor(places, dtype=torch.float64, requires_grad=True)
        c = torch.tensor(coefficients, dtype=torch.float64, requires_grad=True)
        y = function(x, c)
        (dx,) = torch.autograd.grad(y.sum(), x, retain_graph=True)
        dc = torch.zeros(0)
        if coefficients:
            (dc,) = torch.autograd.grad((y * weights(len(places))).sum(), c)
        assert len(places) == 200 and torch.isfinite(y).all() and torch.isfinite(dx).all(), text
        cases.append(
            {
                "activation": text,
                "coefficients": coefficients,
                "inputs": places,
                "values": digits(y.tolist()),
                "derivatives": digits(dx.tolist()),
                "gradient": digits(dc.tolist()),
            }
        )
    FILE.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    FILE.write_text(f"[\n{lines}\n]\n")
    print(f"{len(cases)} functions, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
