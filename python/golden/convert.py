"""Folders of BERT and RoBERTa as `transformers` writes them, with the logits it computes: crates/hub/tests/golden.

    pip install torch transformers safetensors
    python python/golden/convert.py

Random weights, three layers; each folder has its weights in another form of file.
"""

import json
import shutil
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file

OUT = Path(__file__).resolve().parents[2] / "crates" / "hub" / "tests" / "golden"
SIZES = dict(hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=24, initializer_range=0.3)
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "river", "runs", "##s", "a", "b", "c", "d", "e"]
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "a", "b", "c", "Ġ", "ab", "Ġc", "d", "e", "f"]


def write(name, family, head, form, **more):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    torch.manual_seed(7)
    if family == "Bert":
        (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
        special = dict(vocab_size=len(WORDS), max_position_embeddings=12)
    else:
        (folder / "vocab.json").write_text(json.dumps({piece: number for number, piece in enumerate(PIECES)}, ensure_ascii=False))
        (folder / "merges.txt").write_text("#version: 0.2\na b\nĠ c\n")
        special = dict(vocab_size=len(PIECES), max_position_embeddings=14, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2)
    config = getattr(transformers, f"{family}Config")(**SIZES, **special, **more)
    model = getattr(transformers, f"{family}For{head}")(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # Norms and biases away from 1 and 0, where a mistake would not show.
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(folder)

    pad = config.pad_token_id
    ids = torch.randint(5, config.vocab_size, (3, 9))
    mask = torch.ones_like(ids)
    for row, length in enumerate((9, 6, 4)):
        ids[row, length:] = pad
        mask[row, length:] = 0
    types = torch.zeros_like(ids)
    if family == "Bert":
        types[:, 3:] = 1
    with torch.no_grad():
        outputs = model(input_ids=ids, attention_mask=mask, token_type_ids=types)
    logits = torch.stack([outputs.start_logits, outputs.end_logits], dim=-1) if "start_logits" in outputs else outputs.logits
    if logits.dim() == 3:
        logits = logits[mask.bool()]
    save_file({"ids": ids.int(), "mask": mask.int(), "types": types.int(), "logits": logits.contiguous()}, folder / "expected.safetensors")

    path = folder / "model.safetensors"
    tensors = load_file(path)
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
        tensors = {old(name): tensor for name, tensor in tensors.items()}
        # What old versions wrote beside the weights.
        tensors["embeddings.position_ids"] = torch.arange(12)[None]
        tensors["cls.predictions.decoder.weight"] = tensors["embeddings.word_embeddings.weight"].clone()
        tensors["cls.predictions.decoder.bias"] = tensors["cls.predictions.bias"].clone()
        save_file(tensors, path)
    if form in ("shards", "pickle"):
        path.unlink()


def main():
    write("bert-words-old", "Bert", "MaskedLM", "old")
    write("bert-classes-relu", "Bert", "SequenceClassification", "whole", num_labels=3, hidden_act="relu")
    write("bert-questions-pickle", "Bert", "QuestionAnswering", "pickle")
    write("roberta-words-shards", "Roberta", "MaskedLM", "shards")
    # One number that claims to be a large table.
    torch.save({"bert.embeddings.word_embeddings.weight": torch.zeros(1).expand(100_000, 1_000)}, OUT / "expanded.bin")
    write("roberta-number-pickle", "Roberta", "SequenceClassification", "pickle", num_labels=1)


if __name__ == "__main__":
    main()
