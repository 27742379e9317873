#!/usr/bin/env python3
"""PyTorch's side of the comparison of fine-tuning, and the reader of ours.

    finetune.py --task rte --data GLUE --vocabulary vocab.txt [--compile] [--padding longest]
    finetune.py --metrics RUN/metrics.jsonl

The work, the same on both sides: a BERT classifier of a preset's size (norms after the sub-layers, learned positions, GELU, 30,522
words, pooler with tanh, dropout 0.1), all of it trained on a task of GLUE; batches of 32 rows, at most 128 tokens each; a step is
forward, backward, the gradient clipped at norm 1 and AdamW. Rows are tokenized before the first step is timed. The first
steps (--warmup) are not timed.

  - PyTorch pads every batch to 128 tokens, the usual setting of its GLUE scripts and the one that a compiled model wants;
    --padding longest pads to the longest row of the batch. Which positions are padding is known to the attention.
  - Ours fills batches with rows of like length and computes nothing for padding; its steps are read from `metrics.jsonl`.

Prints one JSON object: examples_per_second over all timed steps, ms_per_step (min, median, max), tokens that are no padding.
"""
import argparse
import csv
import json
import resource
import statistics
import time
from pathlib import Path

VOCABULARY, POSITIONS, DROPOUT = 30_522, 512, 0.1
# layers, hidden size, heads, feed-forward size
PRESETS = {"tiny": (2, 128, 2, 512), "mini": (4, 256, 4, 1024), "small": (4, 512, 8, 2048), "base": (12, 768, 12, 3072)}
# folder, columns of the texts, column of the label
TASKS = {
    "rte": ("RTE", ["sentence1", "sentence2"], "label"),
    "sst2": ("SST-2", ["sentence"], "label"),
    "qnli": ("QNLI", ["question", "sentence"], "label"),
    "qqp": ("QQP", ["question1", "question2"], "is_duplicate"),
}


def rows_of(task, data, vocabulary, count, length):
    """Token ids, token types and label of the first `count` training rows, cut to `length` tokens."""
    from tokenizers import BertWordPieceTokenizer

    folder, columns, label = TASKS[task]
    data = Path(data)
    file = next(path for path in [data / folder / "train.tsv", data / task / "train.tsv", data / "train.tsv"] if path.exists())
    tokenizer = BertWordPieceTokenizer(str(vocabulary), lowercase=True)
    tokenizer.enable_truncation(length)
    found, names = [], {}
    with open(file, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if any(row.get(column) is None for column in [*columns, label]):
                continue
            encoded = tokenizer.encode(*(row[column] for column in columns))
            found.append((encoded.ids, encoded.type_ids, names.setdefault(row[label], len(names))))
            if len(found) == count:
                break
    return found, len(names)


def classifier(preset, labels):
    import torch
    from torch import nn
    from torch.nn import functional as F

    layers, hidden, heads, inner = PRESETS[preset]

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.query_key_value = nn.Linear(hidden, 3 * hidden)
            self.output = nn.Linear(hidden, hidden)
            self.up = nn.Linear(hidden, inner)
            self.down = nn.Linear(inner, hidden)
            self.attention_norm = nn.LayerNorm(hidden, eps=1e-12)
            self.norm = nn.LayerNorm(hidden, eps=1e-12)
            self.dropout = nn.Dropout(DROPOUT)

        def forward(self, x, mask):
            batch, sequence, _ = x.shape
            parts = self.query_key_value(x).view(batch, sequence, 3, heads, -1)
            query, key, value = parts.permute(2, 0, 3, 1, 4)
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=DROPOUT if self.training else 0.0)
            mixed = mixed.transpose(1, 2).reshape(batch, sequence, hidden)
            x = self.attention_norm(x + self.dropout(self.output(mixed)))
            return self.norm(x + self.dropout(self.down(F.gelu(self.up(x)))))

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.words = nn.Embedding(VOCABULARY, hidden)
            self.positions = nn.Embedding(POSITIONS, hidden)
            self.types = nn.Embedding(2, hidden)
            self.embedding_norm = nn.LayerNorm(hidden, eps=1e-12)
            self.layers = nn.ModuleList(Layer() for _ in range(layers))
            self.pooler = nn.Linear(hidden, hidden)
            self.classifier = nn.Linear(hidden, labels)
            self.dropout = nn.Dropout(DROPOUT)
            for module in self.modules():
                if isinstance(module, (nn.Linear, nn.Embedding)):
                    nn.init.normal_(module.weight, std=0.02)

        def forward(self, ids, types, mask, targets):
            x = self.words(ids) + self.positions.weight[: ids.shape[1]] + self.types(types)
            x = self.dropout(self.embedding_norm(x))
            # True where a key is a token: [batch, 1, 1, sequence].
            mask = mask[:, None, None, :]
            for layer in self.layers:
                x = layer(x, mask)
            pooled = torch.tanh(self.pooler(x[:, 0]))
            return F.cross_entropy(self.classifier(self.dropout(pooled)), targets)

    return Classifier()


def torch_side(arguments):
    import torch

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    count = arguments.batch * (arguments.warmup + arguments.steps)
    rows, labels = rows_of(arguments.task, arguments.data, arguments.vocabulary, count, arguments.length)
    if len(rows) < count:
        raise SystemExit(f"error: {arguments.task} has {len(rows)} rows, {count} are needed")
    order = torch.randperm(count, generator=torch.Generator().manual_seed(1)).tolist()
    rows = [rows[place] for place in order]
    model = classifier(arguments.preset, labels)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.1, fused=True)
    forward = torch.compile(model) if arguments.compile else model

    def batch(number):
        chosen = rows[number * arguments.batch : (number + 1) * arguments.batch]
        length = arguments.length if arguments.padding == "full" else max(len(ids) for ids, _, _ in chosen)
        ids = torch.zeros(len(chosen), length, dtype=torch.long)
        types, mask = torch.zeros_like(ids), torch.zeros(len(chosen), length, dtype=torch.bool)
        for place, (row, type_ids, _) in enumerate(chosen):
            ids[place, : len(row)] = torch.tensor(row)
            types[place, : len(row)] = torch.tensor(type_ids)
            mask[place, : len(row)] = True
        return ids, types, mask, torch.tensor([label for _, _, label in chosen])

    times, tokens = [], 0
    for number in range(arguments.warmup + arguments.steps):
        start = time.perf_counter()
        ids, types, mask, targets = batch(number)
        loss = forward(ids, types, mask, targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if number >= arguments.warmup:
            times.append(1e3 * (time.perf_counter() - start))
            tokens += int(mask.sum())
    return {
        "peer": f"torch {torch.__version__}",
        "padding": arguments.padding,
        "compile": arguments.compile,
        "threads": torch.get_num_threads(),
        **figures(times, arguments.batch * len(times), tokens),
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def our_side(arguments):
    """The steps of a fine-tuning, as its run recorded them."""
    with open(arguments.metrics, encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    steps = [event for event in events if event["event"] == "step"][arguments.warmup :]
    # A step's loss is a mean over its rows; their number stands in the field of the masked tokens.
    examples = sum(step["masked_tokens"] for step in steps)
    return {"peer": "pliant", **figures([step["milliseconds"] for step in steps], examples, sum(step["tokens"] for step in steps))}


def figures(times, examples, tokens):
    return {
        "steps": len(times),
        "examples": examples,
        "tokens": tokens,
        "examples_per_second": 1e3 * examples / sum(times),
        "ms_per_step": {"min": min(times), "median": statistics.median(times), "max": max(times)},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metrics", help="metrics.jsonl of a fine-tuning of ours, to be read instead of training with PyTorch")
    parser.add_argument("--task", choices=TASKS, default="rte")
    parser.add_argument("--data", help="folder of GLUE")
    parser.add_argument("--vocabulary", help="vocab.txt of BERT")
    parser.add_argument("--preset", choices=PRESETS, default="mini")
    parser.add_argument("--padding", choices=["full", "longest"], default="full")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    print(json.dumps(our_side(arguments) if arguments.metrics else torch_side(arguments)))


if __name__ == "__main__":
    main()
