"""Golden values of the activation functions over rows: value, input gradient and coefficient gradients by PyTorch in double precision.

Writes crates/activation/tests/golden/rows.json: for each text form the coefficients, and for each row its inputs, its values and
the gradients of sum(weight · value) by the inputs and by the coefficients, where the weight of channel i of row r is
((37 (i + 5 r) + 11) mod 41) / 20 − 1.

The functions are written here from their papers with PyTorch's own operations, not from the program's formulas; autograd
differentiates them.

    python python/golden/row_activations.py

Needs PyTorch (any recent version, CPU).
"""

import json
from pathlib import Path

import torch

FILE = Path(__file__).resolve().parents[2] / "crates" / "activation" / "tests" / "golden" / "rows.json"
CHANNELS = 24


def poly_norm(x, c):
    """PolyCom's PolyNorm; the coefficients of the powers from the first up, then the bias."""

    def normalised(power):
        return power / torch.sqrt(power.square().mean(-1, keepdim=True) + 1e-6)

    return sum(c[i] * normalised(x ** (i + 1)) for i in range(len(c) - 1)) + c[-1]


CASES = {
    "poly_norm": (poly_norm, [1 / 3, 1 / 3, 1 / 3, 0.0]),
    "poly_norm(2)": (poly_norm, [0.7, -0.4, 0.15]),
    "poly_norm(4)": (poly_norm, [0.6, -0.3, 0.2, 0.45, -0.1]),
}


def rows():
    """Rows of the kinds that a layer may see, and of those that it should not."""
    walk = [round(8 * ((index * 0.6180339887) % 1) - 4, 3) for index in range(3 * CHANNELS)]
    first, second, third = walk[:CHANNELS], walk[CHANNELS : 2 * CHANNELS], walk[2 * CHANNELS :]
    return [
        first,
        second,
        [round(0.1 * x, 6) for x in third],
        [10000.0 if index == 5 else x for index, x in enumerate(first)],
        [round(2500 * x, 3) for x in second],
        [-1.5] * CHANNELS,
        [0.0] * CHANNELS,
        [0.75 if index == 11 else 0.0 for index in range(CHANNELS)],
        [round(1e-3 * x, 9) for x in third],
        [round(1e-8 * x, 14) for x in first],
    ]


def weights(row):
    return torch.tensor([((37 * (index + 5 * row) + 11) % 41) / 20 - 1 for index in range(CHANNELS)], dtype=torch.float64)


def digits(values):
    return [float(f"{value:.10g}") for value in values]


def main():
    cases = []
    for text, (function, coefficients) in CASES.items():
        found = []
        for index, row in enumerate(rows()):
            x = torch.tensor(row, dtype=torch.float64, requires_grad=True)
            c = torch.tensor(coefficients, dtype=torch.float64, requires_grad=True)
            y = function(x, c)
            dx, dc = torch.autograd.grad((y * weights(index)).sum(), (x, c))
            assert all(torch.isfinite(values).all() for values in (y, dx, dc)), text
            found.append(
                {
                    "inputs": row,
                    "values": digits(y.tolist()),
                    "input_gradient": digits(dx.tolist()),
                    "gradient": digits(dc.tolist()),
                }
            )
        cases.append({"activation": text, "coefficients": coefficients, "rows": found})
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    FILE.write_text(f"[\n{lines}\n]\n")
    print(f"{len(cases)} functions, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
