"""BERT and RoBERTa from the real `transformers` into Pliant, out again, tuned there, and back.

    pip install torch transformers safetensors
    cargo build && python python/checks/convert.py target/debug/pliant

Random models of three layers, BERT and RoBERTa, with a head for masked words, classification, regression or questions, or none, are saved by
`transformers` as safetensors, as safetensors in shards, as `pytorch_model.bin` and under names of old versions. Each is converted with its activation
kept. `pliant predict` must give the probabilities that the original gives (1e-4), and the model that `pliant export` writes must give its
logits (1e-4). Three steps of AdamW there, `save_pretrained`, and the same comparison once more. Then the activation becomes rational, is tuned
there for three steps too, and comes back.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import ByteLevelBPETokenizer
from transformers import AutoModel, AutoModelForMaskedLM, AutoModelForQuestionAnswering, AutoModelForSequenceClassification, AutoTokenizer

TEXT = [
    "The river rises in the hills and reaches the sea.",
    "Nobody knew why the old bridge had been closed.",
    "naïve cafés in 東京 sell coffee 🙂 and tea",
    "She read the letter twice, and put it back without a word.",
]
HEADS = {
    "MaskedLM": AutoModelForMaskedLM,
    "SequenceClassification": AutoModelForSequenceClassification,
    "QuestionAnswering": AutoModelForQuestionAnswering,
}
SIZES = dict(hidden_size=48, num_hidden_layers=3, num_attention_heads=4, intermediate_size=96, initializer_range=0.2)


def run(program, *arguments, fails=False):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    assert (done.returncode != 0) == fails, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stderr if fails else done.stdout


def write_tokenizer(family, folder):
    """A small tokenizer in the form that the family's folders have; its number of words."""
    if family == "Bert":
        letters = sorted({letter for text in TEXT for letter in text.lower() if not letter.isspace()} | set("abcdefghijklmnopqrstuvwxyz"))
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "and", "river", "##er", *letters, *("##" + letter for letter in letters)]
        (folder / "vocab.txt").write_text("\n".join(words) + "\n")
        (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True, "tokenizer_class": "BertTokenizer"}))
        return len(words)
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(TEXT, vocab_size=340, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False)
    trained.save_model(str(folder))
    transformers.RobertaTokenizerFast(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt")).save_pretrained(folder)
    return trained.get_vocab_size()


def original(family, head, folder, **more):
    torch.manual_seed(1)
    folder.mkdir()
    words = write_tokenizer(family, folder)
    special = dict(max_position_embeddings=192)
    if family == "Roberta":
        special = dict(max_position_embeddings=194, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2)
    config = getattr(transformers, f"{family}Config")(vocab_size=words, **SIZES, **special, **more)
    model = getattr(transformers, f"{family}{'For' + head if head else 'Model'}")(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Norms and biases away from 1 and 0, where a mistake would not show.
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    return model, AutoTokenizer.from_pretrained(folder)


def rewrite(folder, form):
    """The same weights in another form of file."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    if form == "whole":
        return
    path.unlink()
    if form == "shards":
        names = sorted(tensors)
        parts = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
        for part, own in parts.items():
            save_file({name: tensors[name] for name in own}, folder / part)
        index = {"metadata": {}, "weight_map": {name: part for part, own in parts.items() for name in own}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    elif form == "pickle":
        torch.save(tensors, folder / "pytorch_model.bin")
    elif form == "old":
        def old(name):
            return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta").removeprefix("bert.")
        save_file({old(name): tensor for name, tensor in tensors.items()}, path)
    elif form == "half":
        save_file({name: tensor.bfloat16() for name, tensor in tensors.items()}, path)


def exported(folder, head):
    model, report = HEADS[head].from_pretrained(folder, trust_remote_code=True, output_loading_info=True)
    assert not any(report[what] for what in ("missing_keys", "unexpected_keys", "mismatched_keys")), report
    return model.eval()


def batch(tokenizer, roberta_types):
    encoded = tokenizer(TEXT, [text[::-1] for text in TEXT], return_tensors="pt", padding=True)
    if roberta_types:
        encoded["token_type_ids"] = torch.zeros_like(encoded["input_ids"])
    return encoded


def logits(model, encoded):
    with torch.no_grad():
        outputs = model(**encoded)
    mask = encoded["attention_mask"].bool()
    if "start_logits" in outputs:
        return torch.stack([outputs.start_logits[mask], outputs.end_logits[mask]])
    return outputs.logits[mask] if outputs.logits.dim() == 3 else outputs.logits


def tune(model, encoded, head):
    """Three steps of AdamW on made-up labels."""
    length = encoded["input_ids"].shape[1]
    labels = {
        "MaskedLM": dict(labels=encoded["input_ids"]),
        "SequenceClassification": dict(labels=torch.arange(len(TEXT)) % 2 if model.config.num_labels > 1 else torch.linspace(-1, 1, len(TEXT))),
        "QuestionAnswering": dict(start_positions=torch.arange(len(TEXT)) % length, end_positions=torch.arange(len(TEXT)) % length),
    }[head]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(3):
        optimizer.zero_grad()
        model(**encoded, **labels).loss.backward()
        optimizer.step()


def predicted(program, folder, head, tokenizer, model):
    """Largest difference between `pliant predict` and a model of transformers."""
    worst = 0.0
    for number, text in enumerate(TEXT):
        if head == "MaskedLM":
            masked = text.replace(" the ", f" {tokenizer.mask_token} ", 1) if " the " in text else f"{text} {tokenizer.mask_token}"
            answer = json.loads(run(program, "predict", "--model", folder, "--text", masked, "--top", 9, "--json"))
            encoded = tokenizer(masked, return_tensors="pt")
            with torch.no_grad():
                probabilities = model(**encoded).logits.softmax(-1)[0][encoded["input_ids"][0] == tokenizer.mask_token_id]
            found = answer["predictions"][0]["masks"] if "predictions" in answer else answer["masks"]
            assert len(found) == len(probabilities) == 1, masked
            worst = max([worst] + [abs(probabilities[0][word["id"]].item() - word["probability"]) for word in found[0]])
        elif head == "SequenceClassification":
            answer = json.loads(run(program, "predict", "--model", folder, "--text", text, "--text-pair", TEXT[number - 1], "--json"))
            with torch.no_grad():
                own = model(**tokenizer(text, TEXT[number - 1], return_tensors="pt")).logits[0]
            answer = answer["predictions"][0] if "predictions" in answer else answer
            if model.config.num_labels == 1:
                worst = max(worst, abs(own.item() - answer["score"]))
            else:
                by_label = {entry["label"]: entry["probability"] for entry in answer["labels"]}
                for label, probability in zip(model.config.id2label.values(), own.softmax(-1)):
                    worst = max(worst, abs(by_label[label] - probability.item()))
    return worst


def round_trip(program, work, name, family, head, form, **more):
    source = work / name
    model, tokenizer = original(family, head, source, **more)
    rewrite(source, form)
    if form == "half":
        model = model.bfloat16().float()
    encoded = batch(tokenizer, family == "Roberta")
    own = logits(model, encoded)

    converted, out = work / f"{name}-converted", work / f"{name}-exported"
    run(program, "convert", "--from", source, "--activation", "keep", "--out", converted)
    within = predicted(program, converted, head, tokenizer, model)
    run(program, "export", "--to", "hf", "--model", converted, "--out", out)
    again = exported(out, head)
    there = (logits(again, encoded) - own).abs().max().item()
    assert within < 1e-4 and there < 1e-4, f"{name}: predict {within:.1e}, logits {there:.1e} away"

    tune(again, encoded, head)
    tuned, back = work / f"{name}-tuned", work / f"{name}-back"
    again.eval().save_pretrained(tuned)
    AutoTokenizer.from_pretrained(out, trust_remote_code=True).save_pretrained(tuned)
    run(program, "export", "--to", "hf", "--model", tuned, "--out", back)
    home = (logits(exported(back, head), encoded) - logits(again, encoded)).abs().max().item()
    within_tuned = predicted(program, tuned, head, tokenizer, again)
    assert home == 0 and within_tuned < 1e-4, f"{name}: back {home:.1e}, predict {within_tuned:.1e} away"

    # And with an activation that learns.
    rational, out, tuned = (work / f"{name}-{what}" for what in ("rational", "rational-exported", "rational-tuned"))
    report = json.loads(run(program, "convert", "--from", source, "--fit", "observed", "--out", rational, "--json"))
    run(program, "export", "--to", "hf", "--model", rational, "--out", out)
    learns = exported(out, head)
    tune(learns, encoded, head)
    learns.eval().save_pretrained(tuned)
    AutoTokenizer.from_pretrained(out, trust_remote_code=True).save_pretrained(tuned)
    within_rational = predicted(program, tuned, head, tokenizer, learns)
    assert within_rational < 1e-4, f"{name}: rational {within_rational:.1e} away"
    drift, other = (report["activation"][key]["logits"]["mean"] for key in ("drift", "other_drift"))
    assert drift <= other, f"{name}: {drift:.1e}, but {other:.1e} with the other fit"
    print(f"{name}: predict {within:.1e}, exported {there:.1e}, tuned and back {home:.0e}, predict then {within_tuned:.1e}, rational {within_rational:.1e}; logits move {drift:.1e} ({report['activation']['fit']} fit; {other:.1e} with the other)")


def without_head(program, work, family):
    name = f"{family.lower()}-none"
    source = work / name
    model, tokenizer = original(family, "", source)
    converted, out = work / f"{name}-converted", work / f"{name}-exported"
    complaint = run(program, "convert", "--from", source, "--activation", "keep", "--out", converted, fails=True)
    assert "pooler.dense.weight" in complaint and "--allow 'bert.pooler.*'" in complaint, complaint
    run(program, "convert", "--from", source, "--activation", "keep", "--allow", "bert.pooler.*", "--out", converted)
    run(program, "export", "--to", "hf", "--model", converted, "--out", out)
    encoded = batch(tokenizer, family == "Roberta")
    mask = encoded["attention_mask"].bool()
    with torch.no_grad():
        there = AutoModel.from_pretrained(out, trust_remote_code=True).eval()(**encoded).last_hidden_state
        apart = (there - model(**encoded).last_hidden_state)[mask].abs().max().item()
    assert apart < 1e-4, f"{name}: hidden states {apart:.1e} away"
    print(f"{name}: hidden states {apart:.1e} away")


def main(program):
    work = Path(tempfile.mkdtemp())
    try:
        for family in ("Bert", "Roberta"):
            forms = ["whole", "shards", "pickle", "half"] + (["old"] if family == "Bert" else [])
            for form in forms:
                round_trip(program, work, f"{family.lower()}-words-{form}", family, "MaskedLM", form)
            round_trip(program, work, f"{family.lower()}-classes", family, "SequenceClassification", "whole", num_labels=3)
            round_trip(program, work, f"{family.lower()}-number", family, "SequenceClassification", "pickle", num_labels=1, problem_type="regression")
            round_trip(program, work, f"{family.lower()}-questions", family, "QuestionAnswering", "whole")
            round_trip(program, work, f"{family.lower()}-relu", family, "SequenceClassification", "whole", hidden_act="relu")
            without_head(program, work, family)
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(str(Path(sys.argv[1]).resolve()))
