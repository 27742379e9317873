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
    rounds = sorted({cell["round"] for cell in cells})

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
        "same order: texts of 5 to 120 words, many short and few long, each with one `[MASK]`. `wrk` runs on the same two cores and takes its\n"
        "share of them; texts for `/v1/embeddings` have a word in place of `[MASK]`. The servers were measured in turn inside each round; a ratio is taken inside a round, the median of the rounds\n"
        "counts, the least and the greatest stand behind it. What the Python side does stands at the head of\n"
        "[`python/bench/serve.py`](../../python/bench/serve.py): eager PyTorch in `torch.inference_mode` with two threads. Its masked-LM head computes the logits of every token, as `transformers` does, ours only\n"
        "those of masks; `/v1/embeddings` has no head, so that the encoder and the server alone are compared there. The GELU twin is the\n"
        "same network with GELU, for which PyTorch has a kernel of its own.\n"
    )
    print("| endpoint | connections | requests/s | beside | requests/s | ratio | of the rounds |")
    print("|---|--:|--:|---|--:|--:|--:|")
    keys = sorted({(cell["endpoint"], cell["connections"]) for cell in cells})
    others = [side for side in SIDES if side != "pliant" and any(cell["side"] == side for cell in cells)]
    median = statistics.median
    for endpoint, connections in keys:
        own = of("pliant", endpoint, connections, "per_second")
        for side in others:
            other = of(side, endpoint, connections, "per_second")
            both = [number for number in rounds if number in own and number in other]
            if not both:
                continue
            ratios = [own[number] / other[number] for number in both]
            print(
                f"| `{endpoint}` | {connections} | {median(own.values()):.0f} | {SIDES[side]} | {median(other.values()):.0f} "
                f"| {median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} |"
            )
    print("\nLatencies in milliseconds, medians of the rounds:\n")
    print("| endpoint | connections | server | p50 | p99 |")
    print("|---|--:|---|--:|--:|")
    for endpoint, connections in keys:
        for side in SIDES:
            p50 = of(side, endpoint, connections, "p50_ms")
            p99 = of(side, endpoint, connections, "p99_ms")
            if p50:
                print(
                    f"| `{endpoint}` | {connections} | {SIDES[side]} | {median(p50.values()):.1f} | {median(p99.values()):.1f} |"
                )


if __name__ == "__main__":
    main()
