"""Exported ONNX files in ONNX's own checker and in ONNX Runtime: the same outputs as the exported PyTorch module, and as `pliant predict`.

    pip install torch transformers safetensors onnx onnxruntime
    cargo build && python python/checks/onnx_runtime.py target/debug/pliant [MODEL ...]

For every golden model of crates/nn/tests/golden (adapters too, which are merged), in f32 and in f16, with its head and as the encoder alone: the checker with
full shape inference, operators of ONNX's own domain only, and the outputs for batches of different sizes with padding, held to the module that
`pliant export --to hf` writes. Of a model with an adapter only the checker and f32 against f16. Then a golden model with every activation that `pliant act list`
knows, and with every form and sharing of rationals. MODEL is a trained model: the same, and, if it predicts words, the
probabilities for a mask against `pliant predict`.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForMaskedLM, AutoModelForQuestionAnswering, AutoModelForSequenceClassification, AutoTokenizer

GOLDEN = Path(__file__).resolve().parents[2] / "crates" / "nn" / "tests" / "golden"
TEXT = Path(__file__).resolve().parents[2] / "docs" / "guide.md"
ADAPTERS = ("task-ia3", "task-lora")
SENTENCES = ["The capital of France is [MASK].", "He was [MASK] in 1912 and died in [MASK].", "naïve cafés — 東京 [MASK] 🙂"]
# Differences over the largest value: (largest, mean). Random weights pass rounding on; a trained model multiplies it at single tokens, in PyTorch's own
# half precision as here.
ALLOWED = {"f32": (1e-5, 1e-6), "f16": (1e-2, 2e-3)}
ALLOWED_TRAINED = {"f32": (5e-4, 1e-5), "f16": (0.2, 1e-2)}


def run(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


def session(file, optimised=True):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def checked(file):
    """The model, after everything that needs no inputs."""
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 17)]
    assert all(node.domain == "" for node in model.graph.node)
    assert model.producer_name == "pliant"
    return model


def module(folder):
    kind = json.loads((folder / "config.json").read_text())["architectures"][0]
    loader = {
        "PliantForMaskedLM": AutoModelForMaskedLM,
        "PliantForSequenceClassification": AutoModelForSequenceClassification,
        "PliantForQuestionAnswering": AutoModelForQuestionAnswering,
    }[kind]
    return loader.from_pretrained(folder, trust_remote_code=True).eval()


def batches(config, tokenizer):
    """Of different sizes, the longest among them; rows but the first end in padding. Words are drawn, or those of a text where there is a tokenizer."""
    draw = np.random.default_rng(1)
    longest = config["max_position_embeddings"]
    text = tokenizer(TEXT.read_text(), add_special_tokens=False)["input_ids"] if tokenizer else None
    for rows, length in [(1, 3), (3, min(9, longest)), (2, longest)]:
        mask = np.ones((rows, length), dtype=np.int64)
        for row in range(1, rows):
            mask[row, length - row :] = 0
        drawn = draw.integers(0, config["vocab_size"], (rows, length))
        yield {
            "input_ids": drawn if text is None else np.array(text[: rows * length]).reshape(rows, length),
            "attention_mask": mask,
            "token_type_ids": draw.integers(0, config["type_vocab_size"], (rows, length)) if text is None else np.zeros_like(mask),
        }


def apart(found, expected, mask):
    """The largest and the mean difference over the largest value, where there is no padding."""
    if found.shape[:2] == mask.shape:
        found, expected = found[mask == 1], expected[mask == 1]
    assert np.isfinite(found).all()
    differences = np.abs(found - expected) / max(1.0, np.abs(expected).max())
    return differences.max(), differences.mean()


def expected(model, batch, only_encoder):
    with torch.no_grad():
        inputs = {name: torch.from_numpy(values) for name, values in batch.items()}
        outputs = model.bert(**inputs) if only_encoder else model(**inputs)
    names = ["last_hidden_state"] if only_encoder else [name for name in outputs if name.endswith("logits")]
    return {name: outputs[name].numpy() for name in names}


def against_module(program, folder, work):
    config = json.loads((folder / "config.json").read_text())
    model = None
    if folder.name not in ADAPTERS:
        exported = work / "hf"
        run(program, "export", "--to", "hf", "--model", folder, "--out", exported)
        model = module(exported)
    tokenizer = AutoTokenizer.from_pretrained(exported, trust_remote_code=True) if (folder / "tokenizer.json").is_file() else None
    worst, operators = {}, Counter()
    for only_encoder in (False, True):
        sessions = {}
        for element in ("f32", "f16"):
            file = work / f"{element}.onnx"
            flags = (["--half"] if element == "f16" else []) + (["--encoder-only"] if only_encoder else [])
            run(program, "export", "--to", "onnx", "--model", folder, "--out", file, *flags)
            operators.update(node.op_type for node in checked(file).graph.node)
            sessions[element] = session(file)
        for batch in batches(config, tokenizer):
            found = {}
            for element, runtime in sessions.items():
                names = [output.name for output in runtime.get_outputs()]
                found[element] = dict(zip(names, runtime.run(names, batch)))
            wanted = found["f32"] if model is None else expected(model, batch, only_encoder)
            for element, outputs in found.items():
                assert outputs.keys() == wanted.keys(), f"{outputs.keys()}, {wanted.keys()}"
                for name, values in outputs.items():
                    assert values.dtype == np.float32
                    off = apart(values, wanted[name], batch["attention_mask"])
                    allowed = (ALLOWED if tokenizer is None else ALLOWED_TRAINED)[element]
                    assert off[0] < allowed[0] and off[1] < allowed[1], f"{folder}, {element}, {name}: {off[0]:.1e} away, mean {off[1]:.1e}"
                    worst[element] = np.maximum(worst.get(element, (0.0, 0.0)), off)
    numbers = "; ".join(f"{element} {most:.1e} away, mean {mean:.1e}" for element, (most, mean) in worst.items())
    print(f"{folder if tokenizer else folder.name}: {numbers}; {len(operators)} operators")
    return model


def against_predict(program, folder, work):
    """Probabilities of words for masks."""
    run(program, "export", "--to", "onnx", "--model", folder, "--out", work / "f32.onnx")
    runtime, tokenizer = session(work / "f32.onnx"), AutoTokenizer.from_pretrained(work / "hf", trust_remote_code=True)
    worst = 0.0
    for text in SENTENCES:
        answer = json.loads(run(program, "predict", "--model", folder, "--text", text, "--top", "20", "--json"))
        answers = answer["predictions"][0]["masks"] if "predictions" in answer else answer["masks"]
        encoded = {name: np.array([values]) for name, values in tokenizer(text).items()}
        logits = runtime.run(["logits"], encoded)[0]
        probabilities = torch.from_numpy(logits).softmax(-1)[0][encoded["input_ids"][0] == tokenizer.mask_token_id]
        assert len(answers) == len(probabilities), text
        for ours, theirs in zip(answers, probabilities):
            worst = max([worst] + [abs(theirs[word["id"]].item() - word["probability"]) for word in ours])
    assert worst < 1e-5, f"{folder}: probabilities are {worst:.1e} away"
    print(f"{folder}: probabilities of words {worst:.1e} away at most")


def with_activations(program, work):
    """A golden model with each activation, its coefficients drawn around their start."""
    shares = {"": 1, "share=group(8)": 3, "share=channel": 24, "share=group(6), numerator=shared": 4}
    generator = torch.Generator().manual_seed(1)
    for entry in json.loads(run(program, "act", "list", "--json")):
        for share, groups in shares.items():
            if share and not entry["name"].startswith("rational"):
                continue
            options = ", ".join(filter(None, [entry["name"].partition("(")[2].rstrip(")"), share]))
            text = f"{entry['name'].partition('(')[0]}({options})" if options else entry["name"]
            folder = work / f"activation-{text}"
            folder.mkdir()
            config = json.loads((GOLDEN / "pre-rotary" / "config.json").read_text())
            (folder / "config.json").write_text(json.dumps(config | {"activation": text}))
            weights = load_file(GOLDEN / "pre-rotary" / "model.safetensors")
            for name in [name for name in weights if ".activation." in name]:
                del weights[name]
            start = torch.tensor(entry["start"], dtype=torch.float32)
            for layer in range(config["num_hidden_layers"]):
                rest = start
                for tensor, columns in entry["tensors"]:
                    rows = 1 if tensor == "numerator" and "numerator=shared" in share else groups
                    own, rest = rest[: len(columns)], rest[len(columns) :]
                    spread = 1.0 + 0.05 * torch.randn(rows, len(columns), generator=generator)
                    weights[f"bert.encoder.layer.{layer}.intermediate.activation.{tensor}"] = own * spread
            save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
            against_module(program, folder, folder)


def main(program, models):
    with tempfile.TemporaryDirectory() as work:
        with_activations(program, Path(work))
    for folder in [*sorted(GOLDEN.iterdir()), *map(Path, models)]:
        with tempfile.TemporaryDirectory() as work:
            model = against_module(program, folder, Path(work))
            if type(model).__name__ == "PliantForMaskedLM" and (folder / "tokenizer.json").is_file():
                against_predict(program, folder, Path(work))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(str(Path(sys.argv[1]).resolve()), sys.argv[2:])
