"""Golden fixtures for the encoder: weights, one batch, and PyTorch's loss and gradients in double precision.

Writes one folder per case below crates/nn/tests/golden: config.json and model.safetensors are a model as the program
saves it, expected.safetensors holds the batch, the loss and the gradient of every parameter.

    python python/golden/encoder.py

Needs PyTorch (any recent version, CPU).
"""

import json
import math
import struct
from pathlib import Path

import torch
import torch.nn.functional as F

FOLDER = Path(__file__).resolve().parents[2] / "crates" / "nn" / "tests" / "golden"

VOCABULARY, HIDDEN, LAYERS, HEADS, INTERMEDIATE, POSITIONS, TYPES = 40, 12, 2, 2, 24, 12, 2
BATCH, LENGTH = 3, 10
REAL_TOKENS = [10, 8, 5]
MASKED = [1, 4, 9, 12, 17, 20, 23, 24]
SCALE = 0.125
EPSILON = 1e-12
ROTARY_BASE = 10_000.0

# A rational near GELU, form A, degrees 5/4; the negative b_1 and the sizes of a_5 and b_4 make every gradient matter.
NUMERATOR = [-1.2e-3, 0.51, 0.42, 0.13, 0.024, 0.0029]
DENOMINATOR = [-0.067, 0.18, 0.037, 0.0011]

CASES = {
    f"{norm}-{positions}": dict(norm=norm, positions=positions, activation="rational", sites="all", groups=1)
    for norm in ("post", "pre", "deepnorm")
    for positions in ("learned", "rotary")
}
CASES["pre-rotary-groups"] = dict(
    norm="pre", positions="rotary", activation="rational(share=group(8))", sites="1", groups=INTERMEDIATE // 8
)
CASES["pre-rotary-glu-silu"] = dict(norm="pre", positions="rotary", activation="glu(silu)", sites="all", groups=1)
CASES["post-learned-glu-gelu"] = dict(norm="post", positions="learned", activation="glu(gelu)", sites="1", groups=1)
CASES["pre-rotary-glu-rational"] = dict(norm="pre", positions="rotary", activation="glu(rational)", sites="all", groups=1)
CASES["deepnorm-rotary-glu-groups"] = dict(
    norm="deepnorm", positions="rotary", activation="glu(rational(share=group(8)))", sites="all", groups=2
)

CASES["pre-rotary-additions"] = dict(
    norm="pre",
    positions="rotary",
    activation="rational",
    sites="0",
    groups=1,
    additions={
        "feed_forward_input": "rational(start=identity)",
        "attention_output": "rational(start=identity)",
        "inner_norm": True,
    },
)
CASES["post-learned-additions"] = dict(
    norm="post",
    positions="learned",
    activation="gelu",
    sites="all",
    groups=1,
    additions={"feed_forward_input": "silu", "attention_output": "layers([gelu, silu])", "inner_norm": False},
)

FIXED = {"gelu": F.gelu, "silu": F.silu}

SAFETENSORS_TYPES = {torch.float32: "F32", torch.float64: "F64", torch.int32: "I32", torch.uint8: "U8"}


def write_safetensors(path, tensors):
    """The safetensors format: length of the header, header, data; 64-bit types first, then by name."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0])):
        content = tensor.contiguous().numpy().tobytes()
        header[name] = {
            "dtype": SAFETENSORS_TYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(content)],
        }
        data += content
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def has_inner_norm(case):
    return case.get("additions", {}).get("inner_norm", False)


def addition(case, place, layer):
    """The function of a layer at a place where BERT has none."""
    text = case.get("additions", {}).get(place)
    if text is not None and text.startswith("layers(["):
        text = text[len("layers([") : -2].split(", ")[layer]
    return text


def added(case, weights, place, layer, module, x):
    text = addition(case, place, layer)
    if text is None:
        return x
    if text in FIXED:
        return FIXED[text](x)
    return rational(x, weights[f"{module}.activation.numerator"], weights[f"{module}.activation.denominator"])


def is_site(case, layer):
    return case["sites"] == "all" or str(layer) in case["sites"].split(",")


def is_gated(case, layer):
    return is_site(case, layer) and case["activation"].startswith("glu(")


def function(case):
    """The activation of a site; with a gate, the function of the gate."""
    text = case["activation"]
    return text[len("glu(") : -1] if text.startswith("glu(") else text


def inner_size(case, layer):
    """With a gate two thirds of the intermediate size, to the nearest multiple of 8."""
    return 8 * round(INTERMEDIATE * 2 / 3 / 8) if is_gated(case, layer) else INTERMEDIATE


def draw_weights(case, generator):
    """Random values for every parameter of the encoder and of the masked-language-model head, in f32."""
    weights = draw_encoder(case, generator)
    transform = "cls.predictions.transform"
    draw_linear(weights, f"{transform}.dense", HIDDEN, HIDDEN, generator)
    draw_norm(weights, f"{transform}.LayerNorm", generator)
    weights["cls.predictions.bias"] = normal(VOCABULARY, generator=generator)
    return weights


def normal(*shape, generator, deviation=0.2, mean=0.0):
    return mean + deviation * torch.randn(*shape, generator=generator)


def draw_linear(weights, name, inputs, outputs, generator):
    weights[f"{name}.weight"] = normal(outputs, inputs, generator=generator)
    weights[f"{name}.bias"] = normal(outputs, generator=generator)


def draw_norm(weights, name, generator):
    weights[f"{name}.weight"] = normal(HIDDEN, generator=generator, mean=1.0)
    weights[f"{name}.bias"] = normal(HIDDEN, generator=generator)


def draw_rational(weights, site, groups, generator):
    for kind, values in (("numerator", NUMERATOR), ("denominator", DENOMINATOR)):
        spread = 1.0 + normal(groups, len(values), generator=generator, deviation=0.05)
        weights[f"{site}.activation.{kind}"] = torch.tensor(values) * spread


def draw_encoder(case, generator):
    """Random values for every parameter of the encoder, in f32."""
    weights = {}
    linear = lambda name, inputs, outputs: draw_linear(weights, name, inputs, outputs, generator)
    norm = lambda name: draw_norm(weights, name, generator)
    table = lambda rows, **options: normal(rows, HIDDEN, generator=generator, **options)
    embeddings = "bert.embeddings"
    weights[f"{embeddings}.word_embeddings.weight"] = table(VOCABULARY, deviation=0.5)
    weights[f"{embeddings}.token_type_embeddings.weight"] = table(TYPES)
    if case["positions"] == "learned":
        weights[f"{embeddings}.position_embeddings.weight"] = table(POSITIONS)
    if case["norm"] == "post":
        norm(f"{embeddings}.LayerNorm")
    for layer in range(LAYERS):
        name = f"bert.encoder.layer.{layer}"
        for kind in ("query", "key", "value"):
            linear(f"{name}.attention.self.{kind}", HIDDEN, HIDDEN)
        for place, module in (("attention_output", "attention.output"), ("feed_forward_input", "intermediate.input")):
            if addition(case, place, layer) not in (None, *FIXED):
                draw_rational(weights, f"{name}.{module}", 1, generator)
        linear(f"{name}.attention.output.dense", HIDDEN, HIDDEN)
        norm(f"{name}.attention.output.LayerNorm")
        size = inner_size(case, layer)
        linear(f"{name}.intermediate.dense", HIDDEN, size)
        if has_inner_norm(case):
            weights[f"{name}.intermediate.LayerNorm.weight"] = normal(size, generator=generator, mean=1.0)
            weights[f"{name}.intermediate.LayerNorm.bias"] = normal(size, generator=generator)
        if is_gated(case, layer):
            linear(f"{name}.intermediate.value", HIDDEN, size)
        if is_site(case, layer) and function(case) not in FIXED:
            draw_rational(weights, f"{name}.intermediate", case["groups"], generator)
        linear(f"{name}.output.dense", size, HIDDEN)
        norm(f"{name}.output.LayerNorm")
    if case["norm"] == "pre":
        norm("bert.encoder.final_norm")
    return weights


def draw_batch(generator):
    def integers(high, *shape):
        return torch.randint(0, high, shape, generator=generator)

    attention_mask = torch.zeros(BATCH, LENGTH)
    for row, count in enumerate(REAL_TOKENS):
        attention_mask[row, :count] = 1
    return {
        "ids": integers(VOCABULARY, BATCH, LENGTH),
        "type_ids": integers(TYPES, BATCH, LENGTH),
        "attention_mask": attention_mask,
        "masked_positions": torch.tensor(MASKED),
        "labels": integers(VOCABULARY, len(MASKED)),
    }


def rational(x, numerator, denominator):
    """Form A: sum a_j x^j / (1 + sum |b_k| |x|^k); one row of coefficients per group of neighbouring channels."""
    groups = numerator.shape[0]
    x = x.unflatten(-1, (groups, -1))
    column = lambda table, index: table[:, index].unsqueeze(-1)
    p = sum(column(numerator, j) * x**j for j in range(numerator.shape[1]))
    q = 1 + sum(column(denominator, k).abs() * x.abs() ** (k + 1) for k in range(denominator.shape[1]))
    return (p / q).flatten(-2)


def rotate(x):
    """Rotary positions on [batch, heads, length, head_size]: channel i is turned against channel i + head_size / 2."""
    half = x.shape[-1] // 2
    frequencies = ROTARY_BASE ** (-torch.arange(half, dtype=x.dtype) / half)
    angles = torch.arange(x.shape[-2], dtype=x.dtype).unsqueeze(-1) * frequencies
    cosine, sine = angles.cos(), angles.sin()
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)


def linear(weights, name, x):
    return F.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])


def layer_norm(weights, name, x):
    return F.layer_norm(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], EPSILON)


def attention(case, weights, layer, name, x, mask):
    def heads(kind):
        projected = linear(weights, f"{name}.self.{kind}", x)
        if f"{name}.self.{kind}.lora_A.weight" in weights:
            down, up = (weights[f"{name}.self.{kind}.lora_{half}.weight"] for half in "AB")
            projected = projected + case["alpha"] / down.shape[0] * F.linear(F.linear(x, down), up)
        if f"{name}.self.{kind}.ia3_l" in weights:
            projected = projected * weights[f"{name}.self.{kind}.ia3_l"]
        return projected.unflatten(-1, (HEADS, HIDDEN // HEADS)).transpose(1, 2)

    query, key, value = heads("query"), heads("key"), heads("value")
    if case["positions"] == "rotary":
        query, key = rotate(query), rotate(key)
    scores = query @ key.transpose(-1, -2) / math.sqrt(HIDDEN // HEADS)
    padding = mask[:, None, None, :] == 0
    context = scores.masked_fill(padding, -math.inf).softmax(-1) @ value
    context = context.transpose(1, 2).flatten(-2)
    context = added(case, weights, "attention_output", layer, f"{name}.output", context)
    return linear(weights, f"{name}.output.dense", context)


def feed_forward(case, weights, layer, name, x):
    x = added(case, weights, "feed_forward_input", layer, f"{name}.intermediate.input", x)
    u = linear(weights, f"{name}.intermediate.dense", x)
    if has_inner_norm(case):
        u = layer_norm(weights, f"{name}.intermediate.LayerNorm", u)
    site = f"{name}.intermediate.activation"
    if f"{site}.numerator" in weights:
        y = rational(u, weights[f"{site}.numerator"], weights[f"{site}.denominator"])
    else:
        y = FIXED[function(case) if is_site(case, layer) else "gelu"](u)
    if is_gated(case, layer):
        y = y * linear(weights, f"{name}.intermediate.value", x)
    if f"{name}.intermediate.ia3_l" in weights:
        y = y * weights[f"{name}.intermediate.ia3_l"]
    return linear(weights, f"{name}.output.dense", y)


def hidden_states(case, weights, batch):
    """The encoder's output [batch, length, hidden]."""

    def sublayer(name, x, function):
        if case["norm"] == "pre":
            return x + function(layer_norm(weights, name, x))
        factor = (2 * LAYERS) ** 0.25 if case["norm"] == "deepnorm" else 1.0
        return layer_norm(weights, name, x * factor + function(x))

    embeddings = "bert.embeddings"
    x = weights[f"{embeddings}.word_embeddings.weight"][batch["ids"]]
    x = x + weights[f"{embeddings}.token_type_embeddings.weight"][batch["type_ids"]]
    if case["positions"] == "learned":
        x = x + weights[f"{embeddings}.position_embeddings.weight"][: x.shape[1]]
    if case["norm"] == "post":
        x = layer_norm(weights, f"{embeddings}.LayerNorm", x)
    for layer in range(LAYERS):
        name = f"bert.encoder.layer.{layer}"
        attend = lambda h: attention(case, weights, layer, f"{name}.attention", h, batch["attention_mask"])
        x = sublayer(f"{name}.attention.output.LayerNorm", x, attend)
        x = sublayer(f"{name}.output.LayerNorm", x, lambda h: feed_forward(case, weights, layer, name, h))
    if case["norm"] == "pre":
        x = layer_norm(weights, "bert.encoder.final_norm", x)
    return x


def loss_of(case, weights, batch):
    """The summed masked-language-model cross-entropy, times SCALE."""
    rows = hidden_states(case, weights, batch).flatten(0, 1)[batch["masked_positions"]]
    transform = "cls.predictions.transform"
    rows = layer_norm(weights, f"{transform}.LayerNorm", F.gelu(linear(weights, f"{transform}.dense", rows)))
    logits = rows @ weights["bert.embeddings.word_embeddings.weight"].T + weights["cls.predictions.bias"]
    return SCALE * F.cross_entropy(logits, batch["labels"], reduction="sum")


def config(case):
    return {
        "model_type": "pliant",
        "vocab_size": VOCABULARY,
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": INTERMEDIATE,
        "max_position_embeddings": POSITIONS,
        "type_vocab_size": TYPES,
        "position_embedding_type": case["positions"],
        "norm_placement": case["norm"],
        "embedding_norm": case["norm"] == "post",
        "layer_norm_eps": EPSILON,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "initialisation": "fan_in",
        "activation": case["activation"],
        "activation_sites": case["sites"],
        "hidden_act": "gelu",
        "pooler_act": "tanh",
    } | ({"additions": case["additions"]} if "additions" in case else {})


def write_case(folder, seed, case):
    """The model, the batch and what is expected of them."""
    generator = torch.Generator().manual_seed(seed)
    weights = draw_weights(case, generator)
    batch = draw_batch(generator)
    double = {key: value.double().requires_grad_() for key, value in weights.items()}
    loss = loss_of(case, double, batch)
    loss.backward()

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config(case), indent=2) + "\n")
    write_safetensors(folder / "model.safetensors", weights)
    expected = {f"gradient.{key}": value.grad.float() for key, value in double.items()}
    expected |= {f"batch.{key}": value.to(torch.int32) for key, value in batch.items()}
    expected["scale"] = torch.tensor([SCALE], dtype=torch.float64)
    expected["loss"] = loss.detach().reshape(1)
    write_safetensors(folder / "expected.safetensors", expected)
    print(f"{folder.name}: loss {loss.item():.6f}, {sum(value.numel() for value in weights.values())} parameters")


def main():
    for seed, (name, case) in enumerate(CASES.items()):
        write_case(FOLDER / name, seed, case)


if __name__ == "__main__":
    main()
