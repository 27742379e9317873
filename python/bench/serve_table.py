"""docs/bench/serve.md from the raw output of runs/serve-bench.sh.

    python serve_table.py docs/bench/serve.txt > docs/bench/serve.md
"""

import json
import statistics
import sys

SIDES = {
    "pliant": "`pliant serve`",
    "fastapi-pool": "FastAPI, a pool of threads",
    "fastapi-single": "FastAPI, one thread",
    "fastapi-batch": "FastAPI, batching",
    "fastapi-batch-gelu": "FastAPI, batching, the GELU twin",
}


def main():
    with open(sys.argv[1]) as file:
        lines = file.read().splitlines()
    head = [line for line in lines if line and not line.startswith("{")]
    cells = [json.loads(line) for line in lines if line.startswith("{")]
    if any(cell["errors"] for cell in cells):
        sys.exit("some requests failed; measure again")

    def of(side, endpoint, connections, key):
        found = {
            cell["round"]: cell[key]
            for cell in cells
            if (cell["side"], cell["endpoint"], cell["connections"]) == (side, endpoint, connections)
        }
        return found

    print("# `pliant serve` beside PyTorch and FastAPI\n")
    print(
        "Written by `python/bench/serve_table.py` from [serve.txt](serve.txt), the raw output of\n"
        "[`runs/serve-bench.sh`](../../runs/serve-bench.sh); do not edit.\n"
    )
    for line in head:
        print(f"- {line}")
    print(
        "\nThe same trained model (preset mini, 4 layers, hidden size 256, learnable rational, f32) on both sides, the same requests in the\n"
        "same order: texts of 5 to 120 words, many short and few long, for `/v1/fill-mask` with one `[MASK]` each; both sides gave the same\n"
        "answers. `wrk` runs on the same two cores and takes its share of them. The servers were measured in turn inside each round; rounds in\n"
        "which other programs used more than 3 % of a core were measured again. What the Python side does stands at the head of\n"
        "[`python/bench/serve.py`](../../python/bench/serve.py); its masked-LM head computes the logits of every token, as `transformers` does, ours those\n"
        "of masks alone, while `/v1/embeddings` has no head, so that the encoder and the server alone are compared there.\n"
    )
    keys = sorted({(cell["endpoint"], cell["connections"]) for cell in cells})
    same = [side for side in SIDES if side not in ("pliant", "fastapi-batch-gelu")]
    median = statistics.median
    print("Requests a second, beside the best of the Python servers of the same model in each round; the median of the rounds counts, the")
    print("least and the greatest stand behind it:\n")
    print("| endpoint | connections | ours | best FastAPI | ratio | of the rounds |")
    print("|---|--:|--:|--:|--:|--:|")
    for endpoint, connections in keys:
        own = of("pliant", endpoint, connections, "per_second")
        others = [of(side, endpoint, connections, "per_second") for side in same]
        best = {number: max(other[number] for other in others) for number in own}
        ratios = [own[number] / best[number] for number in own]
        print(
            f"| `{endpoint}` | {connections} | {median(own.values()):.0f} | {median(best.values()):.0f} "
            f"| {median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} |"
        )
    print("\nEvery server, medians of the rounds. Batching does not pay for PyTorch here: texts are padded to the longest of the batch, and two")
    print("cores are busy with one request already. The GELU twin is the same network with GELU, for which PyTorch has a kernel of its own:\n")
    print("| endpoint | connections | server | requests/s | p50, ms | p99, ms |")
    print("|---|--:|---|--:|--:|--:|")
    for endpoint, connections in keys:
        for side, name in SIDES.items():
            figures = [of(side, endpoint, connections, key) for key in ("per_second", "p50_ms", "p99_ms")]
            if figures[0]:
                speed, p50, p99 = (median(figure.values()) for figure in figures)
                print(f"| `{endpoint}` | {connections} | {name} | {speed:.0f} | {p50:.1f} | {p99:.1f} |")


if __name__ == "__main__":
    main()
