"""Pliant encoders for `transformers`, in plain PyTorch: BERT whose activation functions learn.

    from transformers import AutoModelForMaskedLM, AutoTokenizer
    model = AutoModelForMaskedLM.from_pretrained(FOLDER, trust_remote_code=True)

Written by `pliant export --to hf`; the activation functions below are printed from Pliant's own definition. The method is RAFT's,
"Transformers with Learnable Activation Functions" (arXiv 2208.14111). Only what a sequence's `attention_mask` keeps is read.
"""

import torch
from torch import nn
from torch.nn import functional as F
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import (
    BaseModelOutputWithPooling,
    MaskedLMOutput,
    QuestionAnsweringModelOutput,
    SequenceClassifierOutput,
)

ROTARY_BASE = 10_000.0


def per_channel(coefficients, x):
    """The columns of `[groups, n]`: one value for all channels, or one per channel of the last dimension of `x`."""
    groups, channels = coefficients.shape[0], x.shape[-1]
    if groups > 1:
        coefficients = coefficients.repeat_interleave(channels // groups, dim=0)
    return coefficients.to(x.dtype).unbind(dim=1)


# The activation functions of this model, by their text in the configuration: the function, and the shapes of its coefficient
# tensors `[groups of channels, coefficients]` in a layer and in the pooler.
# {functions}


class PliantConfig(PretrainedConfig):
    model_type = "pliant"

    def __init__(
        self,
        vocab_size=30522,
        hidden_size=768,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=3072,
        max_position_embeddings=512,
        type_vocab_size=2,
        position_embedding_type="learned",
        norm_placement="post",
        embedding_norm=True,
        layer_norm_eps=1e-12,
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
        initialisation="0.02",
        activation="gelu",
        activation_sites="all",
        hidden_act="gelu",
        pooler_act="tanh",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.max_position_embeddings = max_position_embeddings
        self.type_vocab_size = type_vocab_size
        self.position_embedding_type = position_embedding_type
        self.norm_placement = norm_placement
        self.embedding_norm = embedding_norm
        self.layer_norm_eps = layer_norm_eps
        self.hidden_dropout_prob = hidden_dropout_prob
        self.attention_probs_dropout_prob = attention_probs_dropout_prob
        self.initialisation = initialisation
        self.activation = activation
        self.activation_sites = activation_sites
        self.hidden_act = hidden_act
        self.pooler_act = pooler_act

    def is_site(self, layer):
        """Whether a layer has `activation`; the text is `all`, `none` or like `0-3,7`, with `+pooler` behind it or not."""
        layers = self.activation_sites.split("+")[0].strip()
        if layers in ("all", "none"):
            return layers == "all"
        bounds = [[int(number) for number in part.split("-")] for part in layers.split(",")]
        return any(bound[0] <= layer <= bound[-1] for bound in bounds)

    def layer_activation(self, layer):
        """The activation of a layer; the text may be `layers([f, g])` with one for each."""
        text = self.activation if self.is_site(layer) else self.hidden_act
        if not text.startswith("layers(["):
            return text
        functions, depth = [""], 0
        for character in text[len("layers([") : -len("])")]:
            depth += (character in "([") - (character in ")]")
            if character == "," and depth == 0:
                functions.append("")
            else:
                functions[-1] += character
        return functions[layer].strip()

    def pooler_activation(self):
        return self.activation if self.activation_sites.endswith("+pooler") else self.pooler_act


class Activation(nn.Module):
    """A fixed function, or one with coefficients that learn."""

    def __init__(self, text, place):
        super().__init__()
        if text not in ACTIVATIONS:
            raise ValueError(f"the activation {text} is not in this file, which knows {', '.join(ACTIVATIONS)}; export the model anew")
        self.function, tensors = ACTIVATIONS[text]
        self.names = []
        for name, shapes in tensors.items():
            self.names.append(name)
            self.register_parameter(name, nn.Parameter(torch.zeros(shapes[place])))

    def forward(self, x):
        return self.function(x, *(getattr(self, name) for name in self.names))


class Embeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        size = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, size)
        if config.position_embedding_type == "learned":
            self.position_embeddings = nn.Embedding(config.max_position_embeddings, size)
        if config.embedding_norm:
            self.LayerNorm = nn.LayerNorm(size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, token_type_ids, inputs_embeds):
        words = self.word_embeddings(input_ids) if inputs_embeds is None else inputs_embeds
        if token_type_ids is None:
            token_type_ids = torch.zeros(words.shape[:2], dtype=torch.long, device=words.device)
        hidden = words + self.token_type_embeddings(token_type_ids)
        if hasattr(self, "position_embeddings"):
            hidden = hidden + self.position_embeddings.weight[: words.shape[1]]
        if hasattr(self, "LayerNorm"):
            hidden = self.LayerNorm(hidden)
        return self.dropout(hidden)


def rotate(x):
    """Turns queries or keys `[batch, heads, sequence, channels]` by their positions, halves against each other."""
    length, half = x.shape[-2], x.shape[-1] // 2
    # In f64, as an angle of hundreds has too few digits behind the point in f32; on the CPU, as some devices have no f64.
    frequencies = ROTARY_BASE ** (-torch.arange(half, dtype=torch.float64) / half)
    angles = torch.arange(length, dtype=torch.float64)[:, None] * frequencies
    cosine, sine = angles.cos().to(x), angles.sin().to(x)
    first, second = x[..., :half], x[..., half:]
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)


class SelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        size = config.hidden_size
        self.heads = config.num_attention_heads
        self.rotary = config.position_embedding_type == "rotary"
        self.dropout = config.attention_probs_dropout_prob
        self.query, self.key, self.value = (nn.Linear(size, size) for _ in range(3))

    def forward(self, hidden, mask):
        batch, length, size = hidden.shape
        split = lambda x: x.view(batch, length, self.heads, size // self.heads).transpose(1, 2)
        query, key, value = split(self.query(hidden)), split(self.key(hidden)), split(self.value(hidden))
        if self.rotary:
            query, key = rotate(query), rotate(key)
        dropout = self.dropout if self.training else 0.0
        context = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)
        return context.transpose(1, 2).reshape(batch, length, size)


class Output(nn.Module):
    """The end of a sub-layer. Its norm stands behind the residual sum, or, with `pre`, before the sub-layer."""

    def __init__(self, config, inputs):
        super().__init__()
        self.dense = nn.Linear(inputs, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.norm_first = config.norm_placement == "pre"
        # DeepNorm (Wang et al. 2022).
        self.factor = (2 * config.num_hidden_layers) ** 0.25 if config.norm_placement == "deepnorm" else 1.0

    def before(self, hidden):
        return self.LayerNorm(hidden) if self.norm_first else hidden

    def forward(self, branch, residual):
        hidden = residual * self.factor + self.dropout(self.dense(branch))
        return hidden if self.norm_first else self.LayerNorm(hidden)


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.self = SelfAttention(config)
        self.output = Output(config, config.hidden_size)

    def forward(self, hidden, mask):
        return self.output(self.self(self.output.before(hidden), mask), hidden)


class Intermediate(nn.Module):
    def __init__(self, config, layer):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.intermediate_size)
        self.activation = Activation(config.layer_activation(layer), "layer")

    def forward(self, hidden):
        return self.activation(self.dense(hidden))


class Layer(nn.Module):
    def __init__(self, config, layer):
        super().__init__()
        self.attention = Attention(config)
        self.intermediate = Intermediate(config, layer)
        self.output = Output(config, config.intermediate_size)

    def forward(self, hidden, mask):
        hidden = self.attention(hidden, mask)
        return self.output(self.intermediate(self.output.before(hidden)), hidden)


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.layer = nn.ModuleList([Layer(config, layer) for layer in range(config.num_hidden_layers)])
        if config.norm_placement == "pre":
            self.final_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden, mask):
        states = [hidden]
        for layer in self.layer:
            hidden = layer(hidden, mask)
            states.append(hidden)
        return (self.final_norm(hidden) if hasattr(self, "final_norm") else hidden), states


class Pooler(nn.Module):
    """Dense layer and activation on the first token."""

    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.activation = Activation(config.pooler_activation(), "pooler")

    def forward(self, hidden):
        return self.activation(self.dense(hidden[:, 0]))


class PliantPreTrainedModel(PreTrainedModel):
    config_class = PliantConfig
    base_model_prefix = "bert"

    def _init_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=self.config.hidden_size**-0.5)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)


class PliantModel(PliantPreTrainedModel):
    """The encoder; hidden states `[batch, sequence, hidden]`."""

    def __init__(self, config, add_pooling_layer=False):
        super().__init__(config)
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config)
        self.pooler = Pooler(config) if add_pooling_layer else None
        self.post_init()

    def get_input_embeddings(self):
        return self.embeddings.word_embeddings

    def set_input_embeddings(self, value):
        self.embeddings.word_embeddings = value

    def forward(
        self, input_ids=None, attention_mask=None, token_type_ids=None, inputs_embeds=None, output_hidden_states=None, **_
    ):
        mask = None if attention_mask is None else attention_mask[:, None, None, :].bool()
        hidden = self.embeddings(input_ids, token_type_ids, inputs_embeds)
        hidden, states = self.encoder(hidden, mask)
        pooled = None if self.pooler is None else self.pooler(hidden)
        states = tuple(states) if output_hidden_states else None
        return BaseModelOutputWithPooling(last_hidden_state=hidden, pooler_output=pooled, hidden_states=states)


class Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden):
        return self.LayerNorm(F.gelu(self.dense(hidden)))


class Predictions(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.transform = Transform(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden, words):
        return F.linear(self.transform(hidden), words, self.bias)


class PliantForMaskedLM(PliantPreTrainedModel):
    """Logits `[batch, sequence, vocabulary]`: the projection is the table of word embeddings."""

    def __init__(self, config):
        super().__init__(config)
        self.bert = PliantModel(config)
        self.cls = nn.ModuleDict({"predictions": Predictions(config)})
        self.post_init()

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, labels=None, **kwargs):
        outputs = self.bert(input_ids, attention_mask, token_type_ids, **kwargs)
        logits = self.cls["predictions"](outputs.last_hidden_state, self.bert.embeddings.word_embeddings.weight)
        loss = None if labels is None else F.cross_entropy(logits.flatten(0, 1), labels.flatten())
        return MaskedLMOutput(loss=loss, logits=logits, hidden_states=outputs.hidden_states)


class PliantForSequenceClassification(PliantPreTrainedModel):
    """Logits `[batch, labels]`."""

    def __init__(self, config):
        super().__init__(config)
        self.bert = PliantModel(config, add_pooling_layer=True)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def forward(self, input_ids=None, attention_mask=None, token_type_ids=None, labels=None, **kwargs):
        outputs = self.bert(input_ids, attention_mask, token_type_ids, **kwargs)
        logits = self.classifier(self.dropout(outputs.pooler_output))
        loss = None
        if labels is not None:
            regression = self.config.problem_type == "regression" or self.config.num_labels == 1
            loss = F.mse_loss(logits.squeeze(-1), labels.to(logits.dtype)) if regression else F.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits, hidden_states=outputs.hidden_states)


class PliantForQuestionAnswering(PliantPreTrainedModel):
    """Logits of first and last tokens of the answer, each `[batch, sequence]`."""

    def __init__(self, config):
        super().__init__(config)
        self.bert = PliantModel(config)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.post_init()

    def forward(
        self, input_ids=None, attention_mask=None, token_type_ids=None, start_positions=None, end_positions=None, **kwargs
    ):
        outputs = self.bert(input_ids, attention_mask, token_type_ids, **kwargs)
        start, end = self.qa_outputs(outputs.last_hidden_state).unbind(dim=-1)
        loss = None
        if start_positions is not None and end_positions is not None:
            # As in Pliant's training, an answer is not looked for in the padding; one beyond the window does not count.
            length = start.shape[1]
            padding = torch.zeros_like(start, dtype=torch.bool) if attention_mask is None else attention_mask == 0
            ends = [
                F.cross_entropy(logits.masked_fill(padding, -torch.inf), places.clamp(0, length), ignore_index=length)
                for logits, places in ((start, start_positions), (end, end_positions))
            ]
            loss = sum(ends) / 2
        return QuestionAnsweringModelOutput(
            loss=loss, start_logits=start, end_logits=end, hidden_states=outputs.hidden_states
        )
