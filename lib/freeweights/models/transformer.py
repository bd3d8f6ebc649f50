"""What one model holds and does: parameters, cache bytes and FLOPs, counted from its structure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from ..facts import catalog
from ..facts.arrays import every, plain
from ..facts.quantities import count
from ..facts.records_models import Architecture
from .attention import Mixer, mixers
from .parameters import feed_forward, parameter_counts

# Vendors count active parameters in three ways.
WITH_EMBEDDINGS = "with both embeddings"
WITHOUT_INPUT_EMBEDDING = "without input embedding"
WITHOUT_EMBEDDINGS = "without embeddings"
CONVENTIONS = (WITH_EMBEDDINGS, WITHOUT_INPUT_EMBEDDING, WITHOUT_EMBEDDINGS)


@dataclass(frozen=True, repr=False)
class Model:
    """One open model, counted. Made by `model`; the numbers are those of one text token or one sequence.

    >>> model("GLM-5.2")
    GLM-5.2: 743 B parameters, 40.3 B active, 78 layers, up to 1,048,576 tokens
    """

    architecture: Architecture

    def __repr__(self) -> str:
        size = f"{self.name}: {count(self.parameters)} parameters, {count(self.active_parameters)} active"
        if self.announced:
            return f"{size}, as announced"
        return f"{size}, {self.layers} layers, up to {self.max_context:,} tokens"

    @staticmethod
    @cache
    def named(name: str) -> Model:
        """One model of data/models.csv, by name.

        Raises:
            UnknownName: no such model; the nearest names are given.

        >>> Model.named("Llama 3.1 405B").parameters
        405853388800
        """
        return Model(catalog.architecture(name))

    @property
    def name(self) -> str:
        return self.architecture.name

    @cached_property
    def announced(self) -> bool:
        """Whether the model was only announced: its figures are the vendor's, and nothing can be counted."""
        return self.architecture.layers is None

    @property
    def is_moe(self) -> bool:
        return bool(self.architecture.experts)

    @property
    def parts(self) -> dict[str, int]:
        """The parameters by what they do.

        Raises:
            ValueError: the model was only announced.
        """
        return dict(parameter_counts(self._counted))

    @cached_property
    def parameters(self) -> int:
        """All parameters of the language model: counted, or the vendor's figure where `announced` says so.

        >>> model("GLM-5.2").parameters, model("Llama 4 Behemoth").parameters
        (743377019904, 2000000000000)
        """
        return int(self.architecture.parameters_published) if self.announced else sum(self.parts.values())

    @cached_property
    def active_parameters(self) -> int:
        """Parameters that one text token multiplies: "without input embedding", or the vendor's figure.

        >>> model("DeepSeek-R1").active_parameters
        36625618432
        """
        if self.announced:
            return int(self.architecture.active_published)
        return self.active(WITHOUT_INPUT_EMBEDDING)

    def active(self, convention: str) -> int:
        """Parameters active for one text token, as vendors count them.

        Args:
            convention: one of `CONVENTIONS`. Only the third leaves out a tied matrix, which is also the head.

        Raises:
            ValueError: another convention, or a model that was only announced.

        >>> [round(model("gpt-oss-120b").active(c) / 1e9, 2) for c in CONVENTIONS]
        [5.71, 5.13, 4.55]
        """
        if convention not in CONVENTIONS:
            raise ValueError(
                f"Active parameters are not counted '{convention}': choose one of {', '.join(CONVENTIONS)}."
            )
        held = self.parts
        idle = self.moe_layers * (self.experts - self.experts_per_token) * self.expert_weights
        active = self.parameters - idle - held["vision experts"]
        if convention == WITH_EMBEDDINGS:
            return active
        active -= held["positions"] + (0 if self.architecture.tied_embeddings else held["input embedding"])
        if convention == WITHOUT_INPUT_EMBEDDING:
            return active
        head = held["input embedding"] if self.architecture.tied_embeddings else held["output head"]
        return active - head

    @property
    def layers(self) -> int:
        return self._counted.layers

    @property
    def hidden_size(self) -> int:
        """Width of the residual stream, in values."""
        return self._counted.hidden_size

    @property
    def native_format(self) -> str:
        """The weight format of the release; a format that mixes two is named by its experts."""
        return self._counted.native_format

    @cached_property
    def moe_layers(self) -> int:
        """Layers with routed experts."""
        a = self._counted
        return a.layers - a.dense_layers if a.experts else 0

    @property
    def experts(self) -> int:
        """Routed experts in one such layer; 0 in a dense model."""
        return self.architecture.experts or 0

    @property
    def experts_per_token(self) -> int:
        return self._counted.experts_per_token or 0

    @cached_property
    def expert_weights(self) -> int:
        """Parameters of one routed expert in one layer; 0 in a dense model."""
        a = self._counted
        return feed_forward(a, a.expert_size, "ffn" in a.biases.split()) if a.experts else 0

    @cached_property
    def shared_weights(self) -> int:
        """Parameters that every decode step reads whatever the batch.

        All but the routed experts and the rows of the input embedding; the output head is among them.

        >>> r1 = model("DeepSeek-R1")
        >>> r1.shared_weights + 58 * 8 * r1.expert_weights == r1.active_parameters
        True
        """
        routed = self.moe_layers * self.experts_per_token * self.expert_weights
        return self.active(WITHOUT_INPUT_EMBEDDING) - routed

    @property
    def max_context(self) -> int:
        """The most tokens the configuration allows in one sequence."""
        return self._counted.max_context

    def clip_context(self, context: float) -> tuple[float, str]:
        """A context that the model can read, and what to tell the learner where that is less than asked for.

        >>> model("GPT-2 124M").clip_context(4096)
        (1024, 'GPT-2 124M reads at most 1,024 tokens, so that is used. ')
        """
        if context <= self.max_context:
            return context, ""
        return self.max_context, f"{self.name} reads at most {self.max_context:,} tokens, so that is used. "

    def cache_bytes(self, context, bytes_per_value: float = 2, latents: bool = True):
        """Bytes that one sequence keeps between tokens.

        Keys, values, latents and index keys take `bytes_per_value`; states of linear and Mamba-2 layers are
        float32 and of one size from the first token on. A runtime may store more: padding, full heads.

        Args:
            context: tokens in the sequence; a number or an array.
            bytes_per_value: 2 for 16 bits, 1 for 8 bits.
            latents: False for a runtime that caches every head where the model needs only a latent.

        Returns: bytes, in the shape of `context`.

        Raises:
            ValueError: a context that is negative, no number, or above the maximum; a width not above 0.

        >>> model("DeepSeek-R1").cache_bytes(65_536) == 61 * 576 * 2 * 65_536
        True
        """
        return self._cached("cached_values", context, bytes_per_value, latents)

    def cache_read_bytes(self, context, bytes_per_value: float = 2, latents: bool = True):
        """Bytes of its cache that one sequence reads in one decode step.

        All of it, but for sparse attention: there all index keys and only the chosen top-k entries.

        Args, Returns, Raises: as `cache_bytes`.

        >>> glm = model("GLM-5.2")
        >>> glm.cache_read_bytes(131_072) < glm.cache_bytes(131_072) / 10
        True
        """
        return self._cached("read", context, bytes_per_value, latents)

    def _cached(self, spans: str, context, bytes_per_value, latents):
        """Bytes of the kept or the read spans of all layers, and of their states."""
        context = self.valid_context(context)
        if not every(np.asarray(bytes_per_value) > 0):
            raise ValueError(f"bytes_per_value is {bytes_per_value}: 2 stands for 16 bits, 1 for 8 bits.")
        values = states = 0.0
        for _, layers, mixer in self._mixers:
            states += layers * mixer.state_bytes
            for span in (not latents and mixer.full_head_values) or getattr(mixer, spans):
                values += layers * span.at(context)
        return plain(values * bytes_per_value + states)

    def flops_per_token(self, context):
        """FLOPs of one forward pass for one token that attends to `context` tokens, itself included.

        Two for each active weight but the input embedding, plus scores and values of attention by kind;
        softmax and the like are left out. MLA is counted in its absorbed form, as engines decode.

        Args:
            context: tokens attended to; a number or an array.

        Raises:
            ValueError: as `cache_bytes`.

        >>> llama = model("Llama 3.1 8B")
        >>> llama.flops_per_token(0) == 2 * llama.active_parameters
        True
        """
        context = self.valid_context(context)
        attended = [layers * span.at(context) for _, layers, mixer in self._mixers for span in mixer.decode]
        return plain(self.flops_of_weights + sum(attended))

    def prefill_flops(self, prompt):
        """FLOPs of reading a prompt: causal attention over 1, 2, ... prompt tokens, and the output head once.

        Only the last token needs logits. MLA is counted with its heads expanded, as engines prefill;
        sparse attention stays absorbed.

        Args:
            prompt: tokens; a number or an array.

        Raises:
            ValueError: as `cache_bytes`.

        >>> smol = model("SmolLM2-135M-Instruct")
        >>> smol.prefill_flops(1) == smol.flops_per_token(1)
        True
        """
        prompt = self.valid_context(prompt)
        body = self.active(WITHOUT_EMBEDDINGS)
        head = self.active_parameters - body
        attended = [
            layers * span.summed(prompt) for _, layers, mixer in self._mixers for span in mixer.prefill
        ]
        passes = (2.0 * body + self._state_flops) * prompt + 2.0 * head * np.minimum(prompt, 1)
        return plain(passes + sum(attended))

    @cached_property
    def flops_of_weights(self) -> float:
        """FLOPs of one forward pass for one token before it attends to any other: of active weights and of states."""
        return 2.0 * self.active_parameters + self._state_flops

    @cached_property
    def _state_flops(self) -> int:
        """FLOPs of one token on the states of linear and Mamba-2 layers, the same at every context."""
        return sum(layers * mixer.state_flops for _, layers, mixer in self._mixers)

    @cached_property
    def _mixers(self) -> tuple[tuple[str, int, Mixer], ...]:
        """The kinds of mixer, the layers of each, and what one layer is."""
        return mixers(self._counted)

    @cached_property
    def _counted(self) -> Architecture:
        if self.announced:
            raise ValueError(
                f"{self.name} was announced without a configuration: models.csv has no layers, hidden_size "
                "and vocabulary for it, so only .parameters and .active_parameters, as announced, are known."
            )
        return self.architecture

    def valid_context(self, context):
        """The context as an array of floats, refused where the model has no such context."""
        tokens = np.asarray(context, dtype=float)[()]
        if every((tokens >= 0) & (tokens <= self.max_context)):
            return tokens
        if not np.all(np.isfinite(tokens) & (tokens >= 0)):
            raise ValueError(
                f"A context of {context} tokens: numbers from 0 to {self.max_context:,} are expected."
            )
        raise ValueError(
            f"{self.name} takes at most {self.max_context:,} tokens, {np.max(tokens):,.0f} were given: "
            "shorten the context or choose a model with a longer one."
        )


model = Model.named
