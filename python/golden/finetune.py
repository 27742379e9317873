"""Golden trajectories of fine-tuning: 50 steps of PyTorch in double precision, for one classification and one span task.

The start weights are those of `draw_encoder` and `draw_head`, rounded to f32; data are made up: the class is the one of
three marker words that occurs, the span lies between two marker words. AdamW, linear decay to zero without warm-up, no
dropout; weights and tables decay, biases, norms and activation coefficients do not. Writes, below
crates/train/tests/golden/trajectory-*: config.json and model.safetensors (a task model as the program saves it) and
trajectory.json:

    hyper_parameters  betas, epsilon, steps, batch; learning rates by part and the weight decay
    groups            for each group its learning rate and decay, and the names of its parameters
    rows              ids, type_ids (both without padding) and class, or start and end
    order             for each step the numbers of its rows, padded to the longest of them with token 0
    losses            the mean loss of each step, before its update

    python python/golden/finetune.py

Needs PyTorch (any recent version, CPU).
"""

import json
import sys
from pathlib import Path

# This folder last: it has a `statistics.py`, and PyTorch wants that of the standard library.
sys.path.append(sys.path.pop(0))

import torch

from encoder import draw_encoder, write_safetensors
from task import config, draw_head, logits_of, loss_of

FOLDER = Path(__file__).resolve().parents[2] / "crates" / "train" / "tests" / "golden"
STEPS, BATCH, ROWS = 50, 8, 64
BETAS, EPSILON, DECAY = (0.9, 0.999), 1e-8, 0.1
RATES = {"encoder": 3e-3, "activations": 5e-3, "head": 1e-2}
# Words 0 to 3 are padding, [CLS], [SEP] and nothing; 4, 5 and 6 mark classes, and 7 and 8 the two sides of a span.
CLS, SEP, MARKERS, OPEN, CLOSE, FIRST_WORD, WORDS = 1, 2, (4, 5, 6), 7, 8, 9, 40

CASES = {
    "trajectory-classification": dict(
        norm="post", positions="learned", activation="rational", sites="all", groups=1, head="classification", pooler=True
    ),
    "trajectory-span": dict(
        norm="pre", positions="rotary", activation="rational", sites="all", groups=1, head="span", pooler=False
    ),
}


def draw_rows(case, generator):
    def integer(low, high):
        return int(torch.randint(low, high, (1,), generator=generator))

    rows = []
    for number in range(ROWS):
        first = [integer(FIRST_WORD, WORDS) for _ in range(integer(1, 4))]
        second = [integer(FIRST_WORD, WORDS) for _ in range(integer(3, 6))]
        row = {}
        if case["head"] == "classification":
            row["class"] = number % 3
            second[integer(0, len(second))] = MARKERS[number % 3]
        else:
            start = integer(0, len(second) - 2)
            second[start], second[start + 2] = OPEN, CLOSE
            row["start"] = row["end"] = len(first) + 2 + start + 1
        row["ids"] = [CLS, *first, SEP, *second, SEP]
        row["type_ids"] = [0] * (len(first) + 2) + [1] * (len(second) + 1)
        rows.append(row)
    return rows


def batch_of(rows):
    length = max(len(row["ids"]) for row in rows)
    padded = lambda values: torch.tensor([value + [0] * (length - len(value)) for value in values])
    batch = {
        "ids": padded([row["ids"] for row in rows]),
        "type_ids": padded([row["type_ids"] for row in rows]),
        "attention_mask": padded([[1] * len(row["ids"]) for row in rows]),
    }
    for one, many in (("class", "classes"), ("start", "starts"), ("end", "ends")):
        if one in rows[0]:
            batch[many] = torch.tensor([row[one] for row in rows])
    return batch


def group_of(name):
    """Learning rate and weight decay of a parameter."""
    if ".activation." in name:
        return RATES["activations"], 0.0
    is_head = name.startswith(("bert.pooler.dense.", "classifier.", "qa_outputs."))
    decays = not (name.endswith(".bias") or "LayerNorm" in name or "final_norm" in name)
    return RATES["head" if is_head else "encoder"], DECAY if decays else 0.0


def by_line(document):
    """JSON with one line for each element of a list."""

    def text(value):
        if not isinstance(value, list):
            return json.dumps(value)
        return "[\n    " + ",\n    ".join(map(json.dumps, value)) + "\n  ]"

    lines = [f'  "{key}": {text(value)}' for key, value in document.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main():
    for seed, (name, case) in enumerate(CASES.items()):
        generator = torch.Generator().manual_seed(200 + seed)
        weights = draw_encoder(case, generator)
        draw_head(case, weights, generator)
        rows = draw_rows(case, generator)
        order = torch.stack(
            [torch.randperm(ROWS, generator=generator) for _ in range(-(-STEPS * BATCH // ROWS))]
        ).flatten()[: STEPS * BATCH]
        order = order.reshape(STEPS, BATCH).tolist()

        double = {key: value.double().requires_grad_() for key, value in weights.items()}
        groups = {}
        for key in sorted(double):
            groups.setdefault(group_of(key), []).append(key)
        optimizer = torch.optim.AdamW(
            [
                {"params": [double[key] for key in keys], "lr": rate, "weight_decay": decay}
                for (rate, decay), keys in groups.items()
            ],
            betas=BETAS,
            eps=EPSILON,
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: (STEPS - step) / STEPS)
        losses = []
        for numbers in order:
            batch = batch_of([rows[number] for number in numbers])
            loss = loss_of(case, logits_of(case, double, batch), batch) / BATCH
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()

        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config(case), indent=2) + "\n")
        write_safetensors(folder / "model.safetensors", weights)
        document = {
            "hyper_parameters": {
                "betas": BETAS,
                "epsilon": EPSILON,
                "steps": STEPS,
                "batch": BATCH,
                "weight_decay": DECAY,
                "learning_rates": RATES,
            },
            "groups": [
                {"learning_rate": rate, "weight_decay": decay, "parameters": keys}
                for (rate, decay), keys in groups.items()
            ],
            "rows": rows,
            "order": order,
            "losses": losses,
        }
        (folder / "trajectory.json").write_text(by_line(document))
        print(f"{name}: loss {losses[0]:.4f}, after {STEPS} steps {sum(losses[-8:]) / 8:.4f}")


if __name__ == "__main__":
    main()
