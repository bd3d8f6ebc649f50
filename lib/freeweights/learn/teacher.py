"""SmolLM2-135M as a teacher: what it expects at every token of a novel, and text that it writes itself."""

from __future__ import annotations

import datetime
import functools
import hashlib
import math
import time
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from ..facts import catalog, datasets
from ..local import llama, smollm, this_machine
from ..local.kv_cache import new_cache

CONTEXT = 256  # tokens read before the first that is expected
FILE, TABLE = datasets.TEACHER, catalog.DATA / "teacher.csv"
NOVEL = "alice_in_wonderland"  # of data/texts
COMMAND = "python -m freeweights.learn.teacher"
ENGINE = "freeweights.smollm, SmolLM2-135M-Instruct Q4_1 in float32"
TOP = 16  # probabilities kept of each token
PIECE = 256  # tokens of the novel predicted together
HELD = 4096  # tokens at the end of the novel that no student learns from
SMALL, LARGE = 4096, 32_768  # tokens at its beginning that students learn from
SEQUENCES, PROMPT = 64, 32  # texts that the teacher writes, the tokens of the novel that each begins with
SEED = 0
MEANINGS = {
    "vocabulary": "the tokens of SmolLM2 that occur in the novel; all else counts them from 0",
    "lengths": "bytes of each token of the vocabulary",
    "novel": "the novel in tokens of the vocabulary",
    "top": f"the teacher's {TOP} likeliest tokens at each token of the novel but the first",
    "chances": "their probabilities within the vocabulary",
    "right": "ln of the probability within the vocabulary of the token that came",
    "outside": "probability that the teacher gives to tokens outside the vocabulary",
    "starts": "where in the novel the prompt of each text begins that the teacher wrote",
    "written": f"what it wrote after {PROMPT} tokens of prompt, drawn within the vocabulary at temperature 1",
}


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
    model: llama.LlamaWeights, vocabulary: np.ndarray, novel: np.ndarray, first: int, last: int
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
    model: llama.LlamaWeights,
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


@dataclass(frozen=True, eq=False)
class Teacher:
    """What the teacher expects of the novel, and what it wrote. MEANINGS says what each array is."""

    vocabulary: np.ndarray
    lengths: np.ndarray
    novel: np.ndarray
    top: np.ndarray
    chances: np.ndarray
    right: np.ndarray
    outside: np.ndarray
    starts: np.ndarray
    written: np.ndarray

    @property
    def held(self) -> slice:
        """The tokens of the novel that no student learns from."""
        return slice(len(self.novel) - HELD, None)

    @property
    def held_bytes(self) -> int:
        """How many bytes of text they are."""
        return int(self.lengths[self.novel[self.held]].sum())

    def bits_per_byte(self, within: bool = True) -> float:
        """What the held-out text costs the teacher, in bits per byte.

        Args:
            within: told which tokens the novel has, as its students are; otherwise among all that it knows.
        """
        nats = -self.right[-HELD:].astype(float)
        if not within:
            nats -= np.log1p(-self.outside[-HELD:].astype(float))
        return float(nats.sum() / math.log(2) / self.held_bytes)


@dataclass(frozen=True)
class Array:
    """A row of teacher.csv: one array of teacher.npz. `sha256` is of its bytes."""

    name: str
    dtype: str
    rows: int
    columns: int
    sha256: str
    meaning: str
    text: str
    engine: str
    machine: str
    date: str


def digest(array: np.ndarray) -> str:
    """The SHA-256 of an array's bytes."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


@functools.cache
def read(path: Path = FILE) -> Teacher:
    """Read the shipped file.

    Raises:
        catalog.CatalogError: it is missing, damaged, or of another version of the course.

    >>> read().top.shape[1] == TOP
    True
    """
    advice = f"Fetch it from the course again, or make it anew with `{COMMAND}`."
    return Teacher(**datasets.arrays(path, [field.name for field in fields(Teacher)], advice))


def pieces(length: int) -> list[tuple[int, int]]:
    """First and last token of each piece of a text.

    >>> pieces(600)
    [(1, 256), (256, 512), (512, 600)]
    """
    return [(max(1, first), min(first + PIECE, length)) for first in range(0, length, PIECE)]


def difference(model: llama.LlamaWeights, data: Teacher, piece: int, tokens: int) -> float:
    """Expect the first tokens of a piece anew: the largest distance from a probability in the shipped file.

    Args:
        model: the teacher.
        data: from the shipped file.
        piece: which piece of the novel, from 0.
        tokens: how many of its tokens.
    """
    first, last = pieces(len(data.novel))[piece]
    last = min(last, first + tokens)
    anew = expect(model, data.vocabulary, data.novel, first, last)[0]
    rows = slice(first - 1, last - 1)
    top = np.take_along_axis(anew, data.top[rows].astype(int), axis=1)
    right = anew[np.arange(len(anew)), data.novel[first:last]]
    return float(max(np.abs(top - data.chances[rows]).max(), np.abs(right - np.exp(data.right[rows])).max()))


def draws(tokens: int) -> np.ndarray:
    """The numbers that chose the tokens of the shipped file, (tokens, SEQUENCES)."""
    return np.random.default_rng(SEED).random((tokens, SEQUENCES))


# ---- the shipped file
def make(model: llama.LlamaWeights | None = None) -> Teacher:
    """Read the whole novel and write as many tokens as students learn from at most; some ten minutes."""
    model = model or smollm.load()
    tokens = np.array(model.tokenizer.encode(datasets.text(NOVEL).decode()).ids)
    vocabulary, novel = np.unique(tokens, return_inverse=True)
    lengths = [len(model.tokenizer.id_to_token(token)) for token in vocabulary]  # a letter stands for a byte
    found: dict[str, list[np.ndarray]] = {name: [] for name in ("top", "chances", "right", "outside")}
    for first, last in tqdm(pieces(len(novel)), desc="Reading", leave=False):
        chances, outside = expect(model, vocabulary, novel, first, last)
        top = likeliest(chances, TOP)
        found["top"].append(top)
        found["chances"].append(np.take_along_axis(chances, top, axis=1))
        found["right"].append(np.log(chances[np.arange(last - first), novel[first:last]]))
        found["outside"].append(outside)
    arrays = {name: np.concatenate(parts) for name, parts in found.items()}
    starts = np.random.default_rng(SEED + 1).integers(0, SMALL - PROMPT, SEQUENCES)
    prompts = novel[starts[:, None] + np.arange(PROMPT)]
    written = write(model, vocabulary, prompts, draws(LARGE // SEQUENCES))
    arrays |= {"vocabulary": vocabulary, "lengths": lengths, "novel": novel}
    arrays |= {"starts": starts, "written": written}
    kinds = {"lengths": np.uint8, "chances": np.float16, "right": np.float32, "outside": np.float16}
    return Teacher(**{name: np.asarray(array, kinds.get(name, np.uint16)) for name, array in arrays.items()})


def save(data: Teacher, path: Path = FILE, table: Path = TABLE) -> None:
    """Replace the shipped file and its description; an interruption leaves the old ones."""
    arrays = {field.name: getattr(data, field.name) for field in fields(Teacher)}
    datasets.write_arrays(path, arrays)
    made = (f"{NOVEL}.txt", ENGINE, this_machine.name(), datetime.date.today().isoformat())
    rows = [
        Array(name, array.dtype.name, len(array), array[0].size, digest(array), MEANINGS[name], *made)
        for name, array in arrays.items()
    ]
    catalog.write(table, rows, digits=9)


if __name__ == "__main__":
    began = time.perf_counter()
    save(make())
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes, made in {time.perf_counter() - began:.0f} s.")
