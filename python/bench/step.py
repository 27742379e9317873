#!/usr/bin/env python3
"""PyTorch's side of `pliant bench step` and `pliant bench infer`.

The work of one measurement, the same on both sides:
  - a BERT encoder (norms after the sub-layers, learned positions) with a masked-language-model head tied to the word
    table, 30,522 words, dropout 0.1; the head sees the masked positions only;
  - token ids drawn uniformly, 15 % of the positions masked; drawing them is part of the time;
  - a step is forward, backward and AdamW (fused, learning rate 1e-4); with --forward-only the pass without dropout and without
    gradients, with the loss;
  - three steps (--warmup) are run first, the next (--steps) are timed one by one.

--activation chooses the function of the feed-forward layers:
  gelu      torch.nn.GELU
  horner    a rational function of degrees 5/4 with denominator 1 + sum |b_k| |x|^k, by Horner's rule
  stacked   the same function from a stack of powers, as the libraries for rational activations compute it on a CPU

Ours does a little more: token types, dropout of the embeddings, the global norm of the gradient and clipping.

Prints one JSON object: ms_per_step (min, median, max), tokens_per_second of the median, peak_rss_mib.
"""
import argparse
import json
import resource
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

VOCABULARY, POSITIONS, DROPOUT, MASKED = 30_522, 512, 0.1, 0.15
# layers, hidden size, heads, feed-forward size, sequences of a step
PRESETS = {
    "tiny": (2, 128, 2, 512, 32),
    "mini": (4, 256, 4, 1024, 32),
    "small": (4, 512, 8, 2048, 16),
    "base": (12, 768, 12, 3072, 8),
}


class Horner(nn.Module):
    """Rational function near GELU; numerator and denominator learn."""

    def __init__(self):
        super().__init__()
        self.numerator = nn.Parameter(torch.tensor([-0.0012, 0.508, 0.416, 0.130, 0.0244, 0.0029]))
        self.denominator = nn.Parameter(torch.tensor([0.0668, 0.179, 0.0375, 1e-7]))

    def forward(self, x):
        above, magnitude = self.numerator[5], x.abs()
        for coefficient in reversed(self.numerator[:5]):
            above = above * x + coefficient
        below = self.denominator[3].abs()
        for coefficient in reversed(self.denominator[:3].abs()):
            below = below * magnitude + coefficient
        return above / (1 + below * magnitude)


class Stacked(Horner):
    def forward(self, x):
        flat = x.flatten()
        powers = [torch.ones_like(flat), flat]
        while len(powers) < 6:
            powers.append(powers[-1] * flat)
        powers = torch.stack(powers, dim=1)
        above = (powers * self.numerator).sum(dim=1)
        below = 1 + (powers[:, 1:5] * self.denominator).abs().sum(dim=1)
        return (above / below).view_as(x)


ACTIVATIONS = {"gelu": nn.GELU, "horner": Horner, "stacked": Stacked}


class EncoderLayer(nn.Module):
    def __init__(self, hidden, heads, inner, activation):
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(hidden, 3 * hidden)
        self.output = nn.Linear(hidden, hidden)
        self.up = nn.Linear(hidden, inner)
        self.activation = ACTIVATIONS[activation]()
        self.down = nn.Linear(inner, hidden)
        self.attention_norm = nn.LayerNorm(hidden)
        self.norm = nn.LayerNorm(hidden)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x):
        batch, sequence, hidden = x.shape
        parts = self.query_key_value(x).view(batch, sequence, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value, dropout_p=DROPOUT if self.training else 0.0)
        mixed = mixed.transpose(1, 2).reshape(batch, sequence, hidden)
        x = self.attention_norm(x + self.dropout(self.output(mixed)))
        return self.norm(x + self.dropout(self.down(self.activation(self.up(x)))))


class MaskedLanguageModel(nn.Module):
    def __init__(self, layers, hidden, heads, inner, activation):
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, hidden)
        self.positions = nn.Embedding(POSITIONS, hidden)
        self.embedding_norm = nn.LayerNorm(hidden)
        self.layers = nn.ModuleList(EncoderLayer(hidden, heads, inner, activation) for _ in range(layers))
        self.transform = nn.Linear(hidden, hidden)
        self.transform_norm = nn.LayerNorm(hidden)
        self.bias = nn.Parameter(torch.zeros(VOCABULARY))
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, ids, masked, labels):
        x = self.embedding_norm(self.words(ids) + self.positions.weight[: ids.shape[1]])
        for layer in self.layers:
            x = layer(x)
        x = x.flatten(0, 1)[masked]
        x = self.transform_norm(F.gelu(self.transform(x)))
        return F.cross_entropy(F.linear(x, self.words.weight, self.bias).float(), labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="mini")
    parser.add_argument("--activation", choices=ACTIVATIONS, default="gelu")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32", help="bf16: autocast")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    parser.add_argument("--forward-only", action="store_true")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--sequence", type=int, default=128)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    *sizes, batch = PRESETS[arguments.preset]
    batch, sequence = arguments.batch or batch, arguments.sequence
    tokens = batch * sequence
    masked_tokens = max(1, int(tokens * MASKED))
    torch.manual_seed(1)
    model = MaskedLanguageModel(*sizes, arguments.activation)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    forward = torch.compile(model) if arguments.compile else model
    if arguments.forward_only:
        model.eval()

    def step():
        ids = torch.randint(VOCABULARY, (batch, sequence))
        masked = torch.randperm(tokens)[:masked_tokens]
        labels = torch.randint(VOCABULARY, (masked_tokens,))
        with torch.autocast("cpu", torch.bfloat16, enabled=arguments.precision == "bf16"):
            if arguments.forward_only:
                with torch.no_grad():
                    forward(ids, masked, labels)
                return
            loss = forward(ids, masked, labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    times = []
    for number in range(arguments.warmup + arguments.steps):
        start = time.perf_counter()
        step()
        if number >= arguments.warmup:
            times.append(1e3 * (time.perf_counter() - start))
    median = statistics.median(times)
    print(json.dumps({
        "peer": f"torch {torch.__version__}",
        "pass": "infer" if arguments.forward_only else "train",
        "preset": arguments.preset,
        "activation": arguments.activation,
        "precision": arguments.precision,
        "compile": arguments.compile,
        "threads": torch.get_num_threads(),
        "batch": batch,
        "sequence": sequence,
        "steps": len(times),
        "ms_per_step": {"min": min(times), "median": median, "max": max(times)},
        "tokens_per_second": 1e3 * tokens / median,
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))


if __name__ == "__main__":
    main()
