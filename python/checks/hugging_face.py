"""Exported models in the real `transformers`: the same loss, logits and gradients, three steps of fine-tuning, and back.

    pip install torch transformers safetensors
    cargo build && python python/checks/hugging_face.py target/debug/pliant [MODEL ...]

For every golden model of crates/nn/tests/golden (whose numbers PyTorch computed in f64 and the program's own tests hold):
`pliant export --to hf`, `from_pretrained`, loss and logits within 1e-4, every gradient within 1e-3 of its largest entry. Then three steps of AdamW there,
`save_pretrained`, a second export of what was saved, and the same bytes of every tensor; a golden model with something that BERT has no place for is refused. The same for a model with each
activation of python/golden/activations.py and row_activations.py, whose functions PyTorch computes by itself there. MODEL is a masked-language model with a tokenizer: the
probabilities of the words for a mask are those of `pliant predict`.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

GOLDEN = Path(__file__).resolve().parents[2] / "crates" / "nn" / "tests" / "golden"
ADAPTERS = ("task-ia3", "task-lora")
ADDITIONS = "-additions"
SENTENCES = ["The capital of France is [MASK].", "He was [MASK] in 1912 and died in [MASK].", "naïve cafés — 東京 [MASK] 🙂"]


def attempt(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True)


def run(program, *arguments):
    done = attempt(program, *arguments)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


def load(folder):
    kind = json.loads((folder / "config.json").read_text())["architectures"][0]
    loader = {
        "PliantForMaskedLM": AutoModelForMaskedLM,
        "PliantForSequenceClassification": AutoModelForSequenceClassification,
        "PliantForQuestionAnswering": AutoModelForQuestionAnswering,
    }[kind]
    model, report = loader.from_pretrained(folder, trust_remote_code=True, output_loading_info=True)
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not report[what], f"{folder}: {what}: {report[what]}"
    return model.eval()


def of_batch(model, expected):
    """(loss as the golden file has it, logits or none, labels for training)."""
    batch = {name.removeprefix("batch."): tensor.long() for name, tensor in expected.items() if name.startswith("batch.")}
    inputs = dict(input_ids=batch["ids"], token_type_ids=batch["type_ids"], attention_mask=batch["attention_mask"])
    outputs = model(**inputs)
    if "masked_positions" in batch:
        rows = outputs.logits.flatten(0, 1)[batch["masked_positions"]]
        loss = torch.nn.functional.cross_entropy(rows, batch["labels"], reduction="sum") * expected["scale"].float()
        return loss, None
    if "classes" in batch:
        return model(**inputs, labels=batch["classes"]).loss, outputs.logits
    if "start_logits" in outputs:
        both = torch.stack([outputs.start_logits, outputs.end_logits], dim=-1)
        where = {f"{end}_positions": batch[f"{end}s"] for end in ("start", "end")}
        whole = model(**inputs, **where).loss
        # The golden loss is summed over the sequences and divided by their number, Hugging Face's by that of those that count.
        length, rows = both.shape[1], len(both)
        shares = [(batch[name] < length).sum() / rows for name in ("starts", "ends")]
        masked = both.masked_fill(batch["attention_mask"][:, :, None] == 0, -torch.inf)
        parts = [
            torch.nn.functional.cross_entropy(masked[..., end], batch[name].clamp(0, length), ignore_index=length)
            for end, name in enumerate(("starts", "ends"))
        ]
        assert torch.allclose(whole, sum(parts) / 2)
        return sum(part * share for part, share in zip(parts, shares)) / 2, both
    return model(**inputs, labels=expected["batch.scores"]).loss, outputs.logits


def refused(program, folder, work):
    """What BERT has no place for is refused by name."""
    done = attempt(program, "export", "--to", "hf", "--model", str(folder), "--out", str(work / folder.name))
    assert done.returncode != 0 and "`feed_forward_input`" in done.stderr, f"{folder.name}: {done.stderr}"
    assert not (work / folder.name).exists(), f"{folder.name}: left behind"
    print(f"{folder.name}: refused")


def golden(program, folder, work):
    exported = work / folder.name
    run(program, "export", "--to", "hf", "--model", str(folder), "--out", str(exported))
    model, expected = load(exported), load_file(folder / "expected.safetensors")
    loss, logits = of_batch(model, expected)
    off = abs(loss.item() - expected["loss"].item()) / abs(expected["loss"].item())
    assert off < 1e-4, f"{folder.name}: loss {loss.item()} instead of {expected['loss'].item()}"
    if logits is not None and "logits" in expected and expected["logits"].shape == logits.shape:
        mask = expected["batch.attention_mask"].bool() if logits.dim() == 3 else slice(None)
        assert torch.allclose(logits[mask], expected["logits"][mask], atol=1e-4), f"{folder.name}: logits"
    loss.backward()
    gradients = 0
    # A gradient that is zero but for rounding, as that of a key's bias, is measured by the largest of all.
    largest = max(parameter.grad.abs().max() for parameter in model.parameters() if parameter.grad is not None)
    for name, parameter in model.named_parameters():
        wanted = next((expected[key] for key in (f"gradient.{name}", name) if key in expected), None)
        if wanted is not None:
            apart = (parameter.grad - wanted.float()).abs().max() / torch.maximum(wanted.abs().max(), 1e-4 * largest)
            assert apart < 1e-3, f"{folder.name}: gradient of {name} is {apart:.1e} away"
            gradients += 1
    assert gradients > 10, f"{folder.name}: only {gradients} gradients"

    # Three steps there, and back.
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(3):
        optimizer.zero_grad()
        of_batch(model, expected)[0].backward()
        optimizer.step()
    tuned, again = work / f"{folder.name}-tuned", work / f"{folder.name}-again"
    model.save_pretrained(tuned)
    run(program, "export", "--to", "hf", "--model", str(tuned), "--out", str(again))
    before, after = load_file(tuned / "model.safetensors"), load_file(again / "model.safetensors")
    assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(of_batch(load(again), expected)[0], of_batch(model, expected)[0]), f"{folder.name}: loss after the way back"
    print(f"{folder.name}: loss {off:.1e} away, {gradients} gradients, three steps and back")


def masks(program, folder, work):
    """Probabilities of words for masks; a model that was tuned there and came back too."""
    exported = work / "exported"
    run(program, "export", "--to", "hf", "--model", str(folder), "--out", str(exported))
    tokenizer = AutoTokenizer.from_pretrained(exported, trust_remote_code=True)
    for name in ("exported", "tuned"):
        model = load(work / name)
        if name == "exported":
            assert AutoModel.from_pretrained(exported, trust_remote_code=True).config.hidden_size == model.config.hidden_size
        worst = 0.0
        for text in SENTENCES:
            answer = json.loads(run(program, "predict", "--model", str(folder if name == "exported" else work / name), "--text", text, "--top", "20", "--json"))
            encoded = tokenizer(text, return_tensors="pt")
            with torch.no_grad():
                probabilities = model(**encoded).logits.softmax(-1)[0][encoded["input_ids"][0] == tokenizer.mask_token_id]
            answers = answer["predictions"][0]["masks"] if "predictions" in answer else answer["masks"]
            assert len(answers) == len(probabilities), text
            for ours, theirs in zip(answers, probabilities):
                worst = max([worst] + [abs(theirs[word["id"]].item() - word["probability"]) for word in ours])
        assert worst < 1e-5, f"{name}: probabilities are {worst:.1e} away"
        print(f"{folder}, {name}: probabilities of words {worst:.1e} away at most")
        if name == "exported":
            optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
            for _ in range(3):
                encoded = tokenizer("The river runs through the old town.", return_tensors="pt")
                optimizer.zero_grad()
                model(**encoded, labels=encoded["input_ids"]).loss.backward()
                optimizer.step()
            model.save_pretrained(work / "tuned")
            tokenizer.save_pretrained(work / "tuned")


def families(program, work):
    """A golden model with each activation, its coefficients drawn around those of the golden values."""
    sys.path.insert(0, str(GOLDEN.parents[3] / "python" / "golden"))
    import activations
    import encoder
    import row_activations

    listed = {}
    for entry in json.loads(run(program, "act", "list", "--json")):
        listed.setdefault(entry["name"].split("(")[0], [tensor for tensor, _ in entry["tensors"]])

    cases = [(text, function, values) for text, (function, values, *_) in (activations.CASES | row_activations.CASES).items()]
    for seed, (text, function, values) in enumerate(cases):
        tensors = listed[text.split("(")[0]]
        # A rational has six coefficients above, PolyNorm an addend beside its powers; the tensors of all others are of one size.
        if "numerator" in tensors:
            sizes = [6, len(values) - 6]
        elif "offset" in tensors:
            sizes = [len(values) - 1, 1]
        else:
            sizes = [len(values) // max(len(tensors), 1)] * len(tensors)

        def draw(weights, site, groups, generator):
            row = torch.tensor(values).split(sizes) if values else []
            for tensor, part in zip(tensors, row):
                spread = 1.0 + encoder.normal(groups, len(part), generator=generator, deviation=0.05)
                weights[f"{site}.activation.{tensor}"] = part * spread

        def feed_forward(case, weights, layer, name, x):
            u = encoder.linear(weights, f"{name}.intermediate.dense", x)
            c = torch.cat([weights[f"{name}.intermediate.activation.{tensor}"][0] for tensor in tensors]) if values else []
            return encoder.linear(weights, f"{name}.output.dense", function(u, c))

        encoder.draw_rational, encoder.feed_forward = draw, feed_forward
        folder = work / f"activation-{seed}"
        encoder.write_case(folder, seed, dict(norm="pre", positions="learned", activation=text, sites="all", groups=1))
        print(text, end=", ")
        golden(program, folder, work / "exports")


def main(program, models):
    work = Path(tempfile.mkdtemp())
    (work / "exports").mkdir()
    try:
        families(program, work)
        for folder in sorted(GOLDEN.iterdir()):
            if folder.name.endswith(ADDITIONS):
                refused(program, folder, work / "exports")
            elif folder.name not in ADAPTERS:
                golden(program, folder, work)
        for model in models:
            masks(program, Path(model), work)
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(str(Path(sys.argv[1]).resolve()), sys.argv[2:])
