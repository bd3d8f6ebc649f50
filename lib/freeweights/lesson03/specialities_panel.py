"""Lesson 03's question to the trained experts: what did each specialise in, bytes or books?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..facts import quantities as q
from ..learn import byte_model
from ..learn.byte_model import CHUNK, Corpus
from ..learn.moe_training import MoeRun
from ..page import controls, layout, live
from ..page.style import BLUE, ORANGE

KINDS = ("vowel", "consonant", "capital", "space", "line end or tab", "punctuation or digit")
SHOWN = 8  # bytes of an expert that are drawn
NAMES = {"\n": "line end", "\t": "tab", " ": "space"}


@dataclass(frozen=True, eq=False)
class Specialities:
    """How often each expert was chosen on held-out text, by what the network had just read.

    Attributes:
        letters: what each column of `by_pair` ends in and begins with.
        by_pair: for each expert, the byte before last and the last byte read, (experts, letters, letters).
        by_book: for each expert and book.
        books: their names.
    """

    letters: tuple[str, ...]
    by_pair: np.ndarray
    by_book: np.ndarray
    books: tuple[str, ...]

    @property
    def by_byte(self) -> np.ndarray:
        """For each expert and last byte."""
        return self.by_pair.sum(axis=1)

    @property
    def by_kind(self) -> np.ndarray:
        """For each expert and kind of last byte."""
        kinds = np.array([KINDS.index(kind_of(letter)) for letter in self.letters])
        return np.stack([self.by_byte[:, kinds == kind].sum(axis=1) for kind in range(len(KINDS))], axis=1)


def kind_of(letter: str) -> str:
    """The kind of a byte.

    >>> [kind_of(letter) for letter in "eT ,"], kind_of(chr(10))
    (['vowel', 'capital', 'space', 'punctuation or digit'], 'line end or tab')
    """
    if letter in NAMES:
        return "space" if letter == " " else "line end or tab"
    if not letter.isalpha():
        return "punctuation or digit"
    return "capital" if letter.isupper() else "vowel" if letter in "aeiou" else "consonant"


def specialities(run: MoeRun, text: Corpus | None = None) -> Specialities:
    """Predict the held-out text, and count which experts were chosen after which bytes and in which book.

    Args:
        run: of a mixture.
        text: the three texts of the course if left out.

    Raises:
        ValueError: the network is dense.
    """
    if run.recipe.experts is None:
        raise ValueError(f"{run.recipe.name!r} is dense and chooses no experts: give the run of a mixture.")
    text = text or byte_model.corpus()
    size, held = len(text.alphabet), text.held[:, :-1].astype(int)
    parts = [byte_model.predict(run.weights, held[start : start + CHUNK], run.recipe.chosen)[1].choices
             for start in range(0, len(held), CHUNK)]  # fmt: skip
    choices = np.concatenate(parts)
    pair = held[:, -2] * size + held[:, -1]
    return Specialities(
        tuple(chr(byte) for byte in text.alphabet),
        count_pairs(choices, pair, run.recipe.experts, size * size).reshape(-1, size, size),
        count_pairs(choices, text.held_book, run.recipe.experts, len(text.books)),
        text.books,
    )


def count_pairs(choices: np.ndarray, label: np.ndarray, experts: int, labels: int) -> np.ndarray:
    """How often each expert was chosen for each label of a token, (experts, labels).

    >>> count_pairs(np.array([[0, 1], [0, 2]]), np.array([1, 0]), 3, 2).tolist()
    [[1, 1], [0, 1], [1, 0]]
    """
    both = choices * labels + label[:, None]
    return np.bincount(both.ravel(), minlength=experts * labels).reshape(experts, labels)


def mutual_information(counts: np.ndarray) -> tuple[float, float]:
    """How many bits the row tells of the column, and how many bits there are to tell (the column's entropy).

    >>> mutual_information(np.array([[2, 0], [0, 2]])), mutual_information(np.array([[1, 1], [1, 1]]))
    ((1.0, 1.0), (0.0, 1.0))
    """
    joint = counts / counts.sum()
    known = entropy(joint.sum(axis=1)) + entropy(joint.sum(axis=0)) - entropy(joint)
    return max(0.0, known), entropy(joint.sum(axis=0))


def entropy(shares: np.ndarray) -> float:
    """Of shares that sum to one, in bits.

    >>> entropy(np.array([0.5, 0.5, 0.0]))
    1.0
    """
    present = shares[shares > 0]
    return float(-(present * np.log2(present)).sum())


def told(found: Specialities) -> str:
    """How much the choice of an expert tells about the byte just read, and about the book."""
    said = []
    for what, counts in (("the kind of the byte just read", found.by_kind), ("that byte itself", found.by_byte),
                         ("the book", found.by_book)):  # fmt: skip
        known, all_bits = mutual_information(counts)
        said.append(f"{known:.2f} of the {all_bits:.2f} bits of {what}")
    return f"Over all experts, knowing which was chosen tells {said[0]}, {said[1]}, and {said[2]}."


def panel(runs: Sequence[MoeRun]) -> live.Panel:
    """Any expert of the first mixture among the runs: the bytes after which it is chosen, and its books."""
    mixtures = [run for run in runs if run.recipe.experts is not None]
    if not mixtures:
        raise ValueError(
            "no mixture was trained yet: run the cell that trains, and give it a second or more."
        )
    found = specialities(mixtures[0])
    return live.panel(
        lambda figure: draw(figure, found),
        lambda artists, expert: update(artists, found, int(expert) - 1),
        title="What one expert specialised in",
        size=(9, 3.6),
        expert=controls.slider("Expert", 1, len(found.by_book), start=1, step=1, whole=True),
    )


def draw(figure: Figure, found: Specialities) -> live.Artists:
    """Two rows of bars with a diamond at what is usual: bytes on the left, books on the right."""
    left, right = layout.grid(figure, columns=(2, 1))
    sides = {
        "byte": side(left, [max(NAMES.values(), key=len)] * SHOWN, BLUE),
        "book": side(right, found.books, ORANGE),
    }
    layout.legend(figure, {
        "its tokens, by the byte it just read": sides["byte"].bars[0],
        "its tokens, by book": sides["book"].bars[0],
        "usual: all tokens": sides["byte"].usual,
    })  # fmt: skip
    return live.Artists(finding=layout.headline(figure), **sides)


def side(axes: Axes, names: Sequence[str], colour: str) -> live.Artists:
    """Bars for shares of some names, and what is usual."""
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6), yticks=[], xlabel="share of tokens")
    layout.percent_axis(axes.xaxis)
    axes.grid(axis="y", visible=False)
    rows, look = range(len(names)), {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
    return live.Artists(
        bars=axes.barh(rows, 0, color=colour, height=0.7),
        usual=axes.plot([], [], "D", color="white", markeredgecolor="black", clip_on=False)[0],
        names=[axes.text(-0.03, row, name, **look) for row, name in zip(rows, names)],
    )


def update(artists: live.Artists, found: Specialities, expert: int) -> str:
    """Show one expert; say what it gets more often than the average, and what all experts together tell."""
    count = found.by_book[expert].sum()
    if not count:
        artists.finding.set_text(f"Expert {expert + 1} was never chosen")
        show(artists.byte, np.zeros(SHOWN), np.zeros(SHOWN), [""] * SHOWN)
        show(artists.book, np.zeros(len(found.books)), np.zeros(len(found.books)), found.books)
        return f"Expert {expert + 1} starves: no held-out token was sent to it. {told(found)}"
    usual = found.by_byte.sum(axis=0) / found.by_byte.sum()
    own = found.by_byte[expert] / count
    top = np.argsort(-gain(own, usual), kind="stable")[:SHOWN]
    more, letters = own[top] > usual[top], [NAMES.get(found.letters[at], found.letters[at]) for at in top]
    names = [letter if shown else "" for letter, shown in zip(letters, more)]
    show(artists.byte, np.where(more, own[top], 0), np.where(more, usual[top], np.nan), names)
    books, usual_books = found.by_book[expert] / count, found.by_book.sum(axis=0) / found.by_book.sum()
    show(artists.book, books, usual_books, found.books)
    artists.finding.set_text(f"Expert {expert + 1}: {q.percent(own[top[0]])} of its tokens follow “{letters[0]}”, "
                             f"{q.percent(usual[top[0]])} of all tokens do")  # fmt: skip
    book = int(np.argmax(gain(books, usual_books)))
    return (
        f"Expert {expert + 1} takes {q.percent(count / found.by_book.sum())} of the tokens, typically after "
        f"{', '.join(typical(found, expert))}; {q.percent(books[book])} of them are {found.books[book]}, where "
        f"{q.percent(usual_books[book])} is usual. {told(found)}"
    )


def show(side: live.Artists, own: np.ndarray, usual: np.ndarray, names: Sequence[str]) -> None:
    """Move the bars, diamonds and names of one side."""
    for bar, label, share, name in zip(side.bars, side.names, own, names, strict=True):
        bar.set_width(share)
        label.set_text(name)
    side.usual.set_data(usual, np.arange(len(usual)))


def gain(own: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """How typical each label is of one expert: its share times the bits by which it exceeds the usual share."""
    return own * np.log2(np.where(own > 0, own, 1) / np.where(own > 0, usual, 1))


def typical(found: Specialities, expert: int, most: int = 4) -> list[str]:
    """The pairs of bytes most typical of an expert, in quotes, with spaces and line ends made visible."""
    own, usual = found.by_pair[expert].ravel(), found.by_pair.sum(axis=0).ravel()
    top = np.argsort(-gain(own / own.sum(), usual / usual.sum()), kind="stable")[:most]
    pairs = [
        found.letters[pair // len(found.letters)] + found.letters[pair % len(found.letters)] for pair in top
    ]
    return [f"“{pair.translate({32: '␣', 10: '↵', 9: '⇥'})}”" for pair in pairs]
