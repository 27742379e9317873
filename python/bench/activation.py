#!/usr/bin/env python3
"""PyTorch's side of `pliant act bench`: bias and activation of a layer's output, forward and backward.

Both sides take [rows, columns] f32 values, add a bias per column, apply the function, and give back the gradients of the
values and of what the function learns. One round is not timed. Prints one JSON object per activation with the median nanoseconds
per element of the forward pass and of both.

Without --bias the function alone is measured, which is less work than ours does.
"""
import argparse
import json
import statistics
import time

import torch

from step import ACTIVATIONS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("activations", nargs="*", metavar="ACTIVATION", help=", ".join(ACTIVATIONS))
    parser.add_argument("--rows", type=int, default=4096)
    parser.add_argument("--columns", type=int, default=3072)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--bias", action="store_true", help="add a bias per column first, as our kernels do")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    shape = (arguments.rows, arguments.columns)
    elements = arguments.rows * arguments.columns
    for name in arguments.activations or ["gelu"]:
        module = ACTIVATIONS[name]()
        bias = torch.randn(arguments.columns, requires_grad=True)

        def layer(x):
            return module(x + bias if arguments.bias else x)

        run = torch.compile(layer) if arguments.compile else layer
        x = torch.randn(shape, requires_grad=True)
        gradient = torch.randn(shape)
        forward, both = [], []
        for number in range(arguments.repeats + 1):
            x.grad = None
            start = time.perf_counter()
            y = run(x)
            middle = time.perf_counter()
            y.backward(gradient)
            end = time.perf_counter()
            if number:
                forward.append(1e9 * (middle - start) / elements)
                both.append(1e9 * (end - start) / elements)
        print(json.dumps({
            "peer": f"torch {torch.__version__}",
            "activation": name,
            "bias": arguments.bias,
            "compile": arguments.compile,
            "threads": torch.get_num_threads(),
            "elements": elements,
            "forward": statistics.median(forward),
            "forward_backward": statistics.median(both),
        }))


if __name__ == "__main__":
    main()
