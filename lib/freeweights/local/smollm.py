"""SmolLM2-135M-Instruct, real open weights in NumPy: load, ask, quantise, score.

The forward pass is in llama.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import gguf
import numpy as np
import tokenizers
from tokenizers import decoders, models, pre_tokenizers

from . import download, gguf_file
from .block_quantisation import ROWS, pack
from .kv_cache import new_cache
from .llama import Config, LlamaLayer, LlamaWeights, apply, check_tokens, decode, dense, forward, prefill

# fmt: off
__all__ = [
    "Cache", "Config", "Layer", "Model", "bits_per_byte", "chat", "decode", "generate", "load", "perplexity",
    "prefill", "quantise", "repeat", "surprisal", "tiny",
]

# fmt: on
CONTROL = 3  # the GGUF type of tokens that stand for no text, such as <|im_end|>
PIECE = 256  # tokens scored at once: the scores of a piece against 4,096 words are 4 MB
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def load(path: str | Path | None = None) -> LlamaWeights:
    """Read the weights from a GGUF file into memory, as float32.

    Args:
        path: the file; unless told, the one `weights.smollm2()` fetches and checks.

    Returns:
        The model: 134.5 million parameters, 538 MB.

    Raises:
        weights.WeightsError: the file is missing, cut short, altered, or of another architecture.
    """
    reader = gguf_file.read_gguf(download.smollm2() if path is None else path)
    metadata = reader.fields
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    config = config_of(metadata)

    # One block for all matrices: Linux backs a large block with large pages, which decode reads faster.
    block = np.empty(sum(int(tensor.n_elements) for tensor in tensors.values()), np.float32)
    used = 0

    def stack(*names: str) -> np.ndarray:
        """Dequantise tensors into one matrix, rows below each other, a few thousand rows at a time."""
        nonlocal used
        first = used
        for part in (tensors[f"{name}.weight"] for name in names):
            for start in range(0, int(part.shape[1]), ROWS):
                rows = gguf.quants.dequantize(part.data[start : start + ROWS], part.tensor_type)
                block[used : used + rows.size] = rows.ravel()
                used += rows.size
        return block[first:used].reshape(-1, int(part.shape[0]))

    def vector(name: str) -> np.ndarray:
        return np.array(tensors[f"{name}.weight"].data, np.float32)

    def layer(number: int) -> LlamaLayer:
        here = f"blk.{number}"
        return LlamaLayer(
            attention_norm=vector(f"{here}.attn_norm"),
            qkv=stack(*(f"{here}.attn_{name}" for name in "qkv")),
            output=stack(f"{here}.attn_output"),
            feed_forward_norm=vector(f"{here}.ffn_norm"),
            gate_up=stack(f"{here}.ffn_gate", f"{here}.ffn_up"),
            down=stack(f"{here}.ffn_down"),
        )

    return LlamaWeights(
        config=config,
        embedding=stack("token_embd"),
        layers=tuple(layer(number) for number in range(config.layers)),
        final_norm=vector("output_norm"),
        tokenizer=_tokenizer(metadata),
        end_token=int(metadata["tokenizer.ggml.eos_token_id"].contents()),
    )


def config_of(metadata: dict) -> Config:
    """The sizes of a Llama model from the metadata of its GGUF file.

    Raises:
        WeightsError: the file holds another architecture, or lacks a size.
    """
    if "general.architecture" not in metadata:
        raise gguf_file.WeightsError(
            "This file does not say what architecture its model has: fetch it again."
        )
    architecture = metadata["general.architecture"].contents()
    if architecture != "llama":
        raise gguf_file.WeightsError(
            f"This file holds a model of the architecture '{architecture}': this library runs 'llama'. "
            "Call load() without a path for SmolLM2."
        )

    def value(name: str):
        if f"llama.{name}" not in metadata:
            raise gguf_file.WeightsError(f"This file lacks the size llama.{name}: fetch it again.")
        return metadata[f"llama.{name}"].contents()

    return Config(
        layers=value("block_count"),
        width=value("embedding_length"),
        feed_forward=value("feed_forward_length"),
        heads=value("attention.head_count"),
        kv_heads=value("attention.head_count_kv"),
        head_size=value("rope.dimension_count"),
        vocabulary=value("vocab_size"),
        context=value("context_length"),
        rope_base=value("rope.freq_base"),
        norm_epsilon=value("attention.layer_norm_rms_epsilon"),
    )


def _tokenizer(metadata: dict) -> tokenizers.Tokenizer:
    """The byte-level BPE of the file: its words, its merges; every digit is a token of its own."""
    words = metadata["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ")) for merge in metadata["tokenizer.ggml.merges"].contents()]
    kinds = metadata["tokenizer.ggml.token_type"].contents()
    tokenizer = tokenizers.Tokenizer(
        models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=merges)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [word for word, kind in zip(words, kinds) if kind == CONTROL]
    tokenizer.add_special_tokens(
        [tokenizers.AddedToken(word, normalized=False, special=True) for word in control]
    )
    return tokenizer


def chat(question: str) -> str:
    """Put a question into the form the model was trained on: the chat template of its file, one question.

    >>> print(chat("Why is the sky blue?"))
    <|im_start|>system
    You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
    <|im_start|>user
    Why is the sky blue?<|im_end|>
    <|im_start|>assistant
    <BLANKLINE>
    """
    turns = [("system", SYSTEM), ("user", question)]
    return (
        "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in turns) + "<|im_start|>assistant\n"
    )


def next_token(logits: np.ndarray, temperature: float, random: np.random.Generator) -> int:
    """Choose from logits (vocabulary,): the likeliest at temperature 0, else drawn from softmax(logits /
    temperature).

    >>> next_token(np.array([0.0, 2.0, 1.0]), 0.0, np.random.default_rng(0))
    1
    """
    if not 0 <= temperature <= 10:
        raise ValueError(
            f"temperature is {temperature}: 0 takes the likeliest token, 1 draws as trained, 10 is the most."
        )
    if temperature == 0:
        return int(logits.argmax())
    chances = np.exp((logits - logits.max()).astype(float) / temperature)
    return int(random.choice(len(chances), p=chances / chances.sum()))


def generate(
    model: LlamaWeights, prompt: str, max_tokens: int = 128, temperature: float = 0.0, seed: int = 0
) -> Iterator[str]:
    """Answer a prompt piece by piece, until the model ends its turn.

    Args:
        model: with its tokenizer.
        prompt: a text to go on with; `chat(question)` for a question.
        max_tokens: how many tokens at most, at least 1.
        temperature: 0 always takes the likeliest token; 1 draws as the model was trained.
        seed: of the draws; the same seed gives the same text.

    Yields:
        Pieces of text; joined they are the answer.
    """
    if max_tokens < 1:
        raise ValueError(f"max_tokens is {max_tokens}: ask for at least 1 token.")
    if not prompt:
        raise ValueError("The prompt is empty: give the model a text to go on with, or chat('a question').")
    random, answer, said = np.random.default_rng(seed), [], ""
    logits, cache = prefill(model, model.tokenizer.encode(prompt).ids)
    for _ in range(max_tokens):
        token = next_token(logits[0], temperature, random)
        if token == model.end_token:
            return
        answer.append(token)
        text = model.tokenizer.decode(answer)
        if not text.endswith(
            "\N{REPLACEMENT CHARACTER}"
        ):  # half of a letter of several bytes: wait for the rest
            yield text[len(said) :]
            said = text
        if len(answer) < max_tokens:
            logits = decode(model, [token], cache)


def quantise(model: LlamaWeights, bits: int) -> LlamaWeights:
    """The same model with every matrix in few bits: blocks of 32, rounded to nearest. Norms stay as they are.

    Args:
        model: in float32.
        bits: 2 to 8 a code; with scale and minimum each weight of a matrix costs bits + 1.

    Returns:
        A model for `surprisal`, `prefill` and the rest. Each matrix is turned back to float32 when its layer
        is reached and dropped after it, so that little more than the packed bytes is ever held: slow, but
        small.

    >>> from freeweights.local.llama import tiny
    >>> small = quantise(tiny(), bits=4)
    >>> small.nbytes < tiny().nbytes / 5
    True
    """
    shrink = partial(pack, bits=bits)
    layers = tuple(
        replace(
            one,
            qkv=shrink(one.qkv),
            output=shrink(one.output),
            gate_up=shrink(one.gate_up),
            down=shrink(one.down),
        )
        for one in model.layers
    )
    return replace(model, embedding=shrink(model.embedding), layers=layers)


def surprisal(model: LlamaWeights, tokens) -> np.ndarray:
    """How unlikely the model found each token, given those before it: -ln p, in nats.

    Args:
        tokens: (length,), or (sequences, length) of one length, at least two each.

    Returns:
        float64, one less along the length: the first token is given, not guessed.
    """
    tokens = check_tokens(model, tokens, "(length,) or (sequences, length)")
    if not 1 <= tokens.ndim <= 2 or tokens.shape[-1] < 2:
        raise ValueError(
            f"Tokens of shape {tokens.shape}: give one sequence of at least two, or several of one length; "
            "the first of each is not scored."
        )
    rows = np.atleast_2d(tokens)
    hidden = forward(model, rows[:, :-1], new_cache(model.config, len(rows)))
    hidden, targets = hidden.reshape(-1, hidden.shape[-1]), rows[:, 1:].ravel()
    total, chosen = np.full(len(hidden), -np.inf), np.empty(len(hidden))
    for first in range(0, model.config.vocabulary, ROWS):
        words = dense(model.embedding, slice(first, first + ROWS))
        for start in range(0, len(hidden), PIECE):
            logits = apply(words, hidden[start : start + PIECE]).astype(float)
            here = slice(start, start + len(logits))
            top = logits.max(-1)
            total[here] = np.logaddexp(total[here], top + np.log(np.exp(logits - top[:, None]).sum(-1)))
            word = targets[here] - first
            inside = np.flatnonzero((word >= 0) & (word < len(words)))
            chosen[start + inside] = logits[inside, word[inside]]
    return (total - chosen).reshape(*tokens.shape[:-1], -1)


def perplexity(model: LlamaWeights, tokens) -> float:
    """exp of the mean surprisal: between how many equally likely tokens the model wavers on average.

    >>> from freeweights.local.llama import tiny
    >>> perplexity(tiny(), list(range(20))) > tiny().config.vocabulary  # worse than blind
    True
    """
    return math.exp(surprisal(model, tokens).mean())


def bits_per_byte(model: LlamaWeights, text: str) -> float:
    """Surprisal of a text in bits per byte of UTF-8: comparable between models whose tokens differ.

    The first token is given, so its bytes are not counted.
    """
    tokens = model.tokenizer.encode(text).ids
    nats = surprisal(model, tokens).sum()
    return nats / math.log(2) / len(model.tokenizer.decode(tokens[1:]).encode())
