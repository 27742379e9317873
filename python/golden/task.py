"""Golden fixtures for task models: weights, one padded batch of pairs, and PyTorch's loss, logits and gradients.

Losses are those of Hugging Face's BertForSequenceClassification and BertForQuestionAnswering, in double precision; the
softmax over the places of a span leaves padding out. Writes one folder per case below crates/nn/tests/golden: config.json
and model.safetensors are a task model as the program saves it, expected.safetensors holds batch, loss, logits and gradients.

    python python/golden/task.py

Needs PyTorch (any recent version, CPU).
"""

import json

import torch
import torch.nn.functional as F

import encoder
from encoder import FOLDER, HIDDEN, INTERMEDIATE, LAYERS, VOCABULARY
from encoder import draw_encoder, draw_linear, draw_rational, hidden_states, linear, normal, rational, write_safetensors

LENGTH = 10
# Tokens of the first and of the second text of each pair; the last sequence is a single text.
PAIRS = [(4, 6), (3, 4), (2, 3), (5, 0)]
LABELS = ["contradiction", "entailment", "neutral"]
RANK, ALPHA = 3, 6.0

CASES = {
    "task-classification": dict(
        norm="post", positions="learned", activation="rational", sites="all", groups=1, head="classification", pooler=True
    ),
    "task-regression": dict(
        norm="pre", positions="rotary", activation="rational", sites="1", groups=1, head="regression", pooler=False
    ),
    "task-span": dict(
        norm="deepnorm", positions="learned", activation="rational", sites="all", groups=1, head="span", pooler=False
    ),
    "task-ia3": dict(
        norm="post", positions="learned", activation="gelu", sites="all", groups=1, head="classification", pooler=False,
        adapter={"kind": "ia3"},
    ),
    "task-lora": dict(
        norm="pre", positions="rotary", activation="gelu", sites="all", groups=1, head="classification", pooler=False,
        adapter={"kind": "lora", "rank": RANK, "alpha": ALPHA},
    ),
}


def draw_head(case, weights, generator):
    if case["head"] == "span":
        draw_linear(weights, "qa_outputs", HIDDEN, 2, generator)
        return
    draw_linear(weights, "bert.pooler.dense", HIDDEN, HIDDEN, generator)
    if case["pooler"]:
        draw_rational(weights, "bert.pooler", 1, generator)
    draw_linear(weights, "classifier", HIDDEN, len(LABELS) if case["head"] == "classification" else 1, generator)


def draw_adapter(case, weights, generator):
    """Adapters as they are after some training: no factor is 1, and B is not 0."""
    kind = case.get("adapter", {}).get("kind")
    for layer in range(LAYERS):
        name = f"bert.encoder.layer.{layer}"
        if kind == "ia3":
            for place, size in (("key", HIDDEN), ("value", HIDDEN)):
                weights[f"{name}.attention.self.{place}.ia3_l"] = normal(size, generator=generator, mean=1.0)
            weights[f"{name}.intermediate.ia3_l"] = normal(INTERMEDIATE, generator=generator, mean=1.0)
        if kind == "lora":
            for place in ("query", "value"):
                product = f"{name}.attention.self.{place}"
                weights[f"{product}.lora_A.weight"] = normal(RANK, HIDDEN, generator=generator)
                weights[f"{product}.lora_B.weight"] = normal(HIDDEN, RANK, generator=generator)


def draw_batch(case, generator):
    attention_mask, type_ids = (torch.zeros(len(PAIRS), LENGTH, dtype=torch.long) for _ in range(2))
    for row, (first, second) in enumerate(PAIRS):
        attention_mask[row, : first + second] = 1
        type_ids[row, first : first + second] = 1
    batch = {
        "ids": torch.randint(0, VOCABULARY, (len(PAIRS), LENGTH), generator=generator),
        "type_ids": type_ids,
        "attention_mask": attention_mask,
    }
    if case["head"] == "classification":
        batch["classes"] = torch.tensor([2, 0, 1, 2])
    elif case["head"] == "regression":
        batch["scores"] = torch.tensor([0.5, -1.25, 3.0, 4.75])
    else:
        # The end of the third lies outside the window and is ignored.
        batch["starts"], batch["ends"] = torch.tensor([5, 0, 2, 1]), torch.tensor([7, 0, LENGTH, 4])
    return batch


def logits_of(case, weights, batch):
    hidden = hidden_states(case, weights, batch)
    if case["head"] == "span":
        logits = linear(weights, "qa_outputs", hidden)
        return logits.masked_fill(batch["attention_mask"][:, :, None] == 0, -torch.inf)
    pooled = linear(weights, "bert.pooler.dense", hidden[:, 0])
    if case["pooler"]:
        site = "bert.pooler.activation"
        pooled = rational(pooled, weights[f"{site}.numerator"], weights[f"{site}.denominator"])
    else:
        pooled = pooled.tanh()
    return linear(weights, "classifier", pooled)


def loss_of(case, logits, batch):
    """The loss, summed over the sequences."""
    if case["head"] == "classification":
        return F.cross_entropy(logits, batch["classes"], reduction="sum")
    if case["head"] == "regression":
        return F.mse_loss(logits.squeeze(-1), batch["scores"].to(logits.dtype), reduction="sum")
    ignored = logits.shape[1]
    ends = [
        F.cross_entropy(logits[..., end], batch[name].clamp(0, ignored), ignore_index=ignored, reduction="sum")
        for end, name in enumerate(("starts", "ends"))
    ]
    return sum(ends) / 2


def config(case):
    document = encoder.config(case)
    document["activation_sites"] += "+pooler" if case["pooler"] else ""
    if case["head"] == "span":
        document["architectures"] = ["BertForQuestionAnswering"]
    else:
        is_class = case["head"] == "classification"
        labels = LABELS if is_class else ["LABEL_0"]
        document["architectures"] = ["BertForSequenceClassification"]
        document["problem_type"] = "single_label_classification" if is_class else "regression"
        document["num_labels"] = len(labels)
        document["id2label"] = {str(number): label for number, label in enumerate(labels)}
        document["label2id"] = {label: number for number, label in enumerate(labels)}
    if "adapter" in case:
        document["pliant_adapter"] = case["adapter"]
    return document


def draw_weights(case, generator):
    weights = draw_encoder(case | {"sites": "none"} if case["activation"] == "gelu" else case, generator)
    draw_head(case, weights, generator)
    draw_adapter(case, weights, generator)
    return weights


def main():
    for seed, (name, case) in enumerate(CASES.items()):
        generator = torch.Generator().manual_seed(100 + seed)
        weights = draw_weights(case, generator)
        batch = draw_batch(case, generator)
        double = {key: value.double().requires_grad_() for key, value in weights.items()}
        case = case | case.get("adapter", {})
        if case["activation"] == "gelu":
            case["sites"] = "none"
        logits = logits_of(case, double, batch)
        loss = loss_of(case, logits, batch) / len(PAIRS)
        loss.backward()

        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(config(CASES[name]), indent=2) + "\n")
        write_safetensors(folder / "model.safetensors", weights)
        expected = {f"gradient.{key}": value.grad.float() for key, value in double.items()}
        integer = lambda value: value.float() if value.is_floating_point() else value.to(torch.int32)
        expected |= {f"batch.{key}": integer(value) for key, value in batch.items()}
        expected["logits"] = logits.detach().float()
        expected["loss"] = loss.detach().reshape(1)
        write_safetensors(folder / "expected.safetensors", expected)
        print(f"{name}: loss {loss.item():.6f}, {sum(value.numel() for value in weights.values())} parameters")


if __name__ == "__main__":
    main()
