"""Floor 2. A teacher at work within a small vocabulary: what it expects of a text, and what it writes."""

from __future__ import annotations

import math

import numpy as np
from tqdm.auto import tqdm

from . import llama
from .kv_cache import new_cache

CONTEXT = 256  # tokens read before the first that is expected


def likeliest(chances: np.ndarray, k: int) -> np.ndarray:
    """The k likeliest tokens of each row, the likeliest first, (tokens, k).

    >>> likeliest(np.array([[0.2, 0.5, 0.3]]), 2).tolist()
    [[1, 2]]
    """
    words = chances.shape[1]
    if not 1 <= k <= words:
        raise ValueError(f"k is {k}: from 1 to {words} probabilities can be kept of a vocabulary of {words}.")
    return np.argsort(-chances, axis=1, kind="stable")[:, :k]


def expect(
    model: llama.Model, vocabulary: np.ndarray, novel: np.ndarray, first: int, last: int
) -> tuple[np.ndarray, np.ndarray]:
    """Read a piece of a text and say what was expected at its tokens `first` to `last` - 1.

    Args:
        model: the teacher.
        vocabulary: tokens of the model, (words,).
        novel: the text in tokens of the vocabulary.
        first, last: the tokens to expect; the model reads CONTEXT tokens before them.

    Returns:
        Probabilities within the vocabulary, (tokens, words), and of all tokens outside it, (tokens,). The
        first token of a text has nothing before it, so `first` is 1 or more.
    """
    if not 1 <= first < last <= len(novel):
        raise ValueError(
            f"tokens {first} to {last} of a text of {len(novel)}: the first is 1 or more and below the last."
        )
    before = max(0, first - CONTEXT)
    tokens = vocabulary[novel[before : last - 1]].astype(int)[None]
    hidden = llama.forward(model, tokens, new_cache(model.config, 1))[0, first - 1 - before :]
    powers = llama.apply(model.embedding, hidden)
    powers -= powers.max(axis=1, keepdims=True)
    np.exp(powers, out=powers)
    known = powers[:, vocabulary].astype(float)
    within = known.sum(axis=1)
    return known / within[:, None], 1 - within / powers.sum(axis=1, dtype=float)


def write(
    model: llama.Model,
    vocabulary: np.ndarray,
    prompts: np.ndarray,
    draws: np.ndarray,
    temperature: float = 1.0,
) -> np.ndarray:
    """Let the teacher go on with some prompts, all at once, within the vocabulary.

    Args:
        model: the teacher.
        vocabulary: tokens of the model, (words,).
        prompts: tokens of the vocabulary, (sequences, length).
        draws: numbers from 0 to 1 that choose each token, (tokens, sequences).
        temperature: above 0; 1 draws as the model was trained.

    Returns:
        Tokens of the vocabulary, (sequences, tokens).
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise ValueError(
            f"temperature is {temperature:g}: a finite number above 0 is expected; 1 draws as trained."
        )
    if not prompts.size or not draws.size:
        raise ValueError(
            "nothing to write: give at least one prompt of one token, and one draw for each token."
        )
    table, cache = llama.dense(model.embedding)[vocabulary], new_cache(model.config, len(prompts))
    written, newest = [], prompts
    for drawn in tqdm(draws, desc="Writing", leave=False):
        tokens = vocabulary[newest].astype(int)
        logits = llama.apply(table, llama.forward(model, tokens, cache, last_only=True)[:, -1]).astype(float)
        reach = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature).cumsum(axis=1)
        newest = (reach > drawn[:, None] * reach[:, -1:]).argmax(axis=1)[:, None]
        written.append(newest[:, 0])
    return np.array(written).T
