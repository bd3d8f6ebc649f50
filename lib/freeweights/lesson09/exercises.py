"""The exercises of lesson 09: a node by hand, a dearer vendor, and a merger."""

from __future__ import annotations

import numpy as np

from ..facts import quantities as q
from ..money import market, token_capital
from ..money.assumptions import MILLION
from ..page import questions

GPUS, RENT = 8, 2.0  # of a node, dollars per GPU-hour
RATE, BUSY = 3000.0, 0.4  # tokens/s of all users, share of the hours
DAY, CAPACITY = 400.0, 9e8  # dollars and tokens a day of a machine of one's own
INPUT, OUTPUT, RATIO = 2.0, 10.0, 4  # a vendor's dollars per million tokens; tokens read for one written
BUYER, BOUGHT = "Microsoft", "Oracle"


def node_by_hand() -> questions.Exercise:
    """Lesson 09, one step: rent over tokens."""

    def cost(hour: float = GPUS * RENT, busy: float = BUSY, seconds: float = q.HOUR) -> float:
        return hour / (RATE * seconds * busy) * MILLION

    return questions.exercise(
        "node",
        f"A node of {GPUS} rents at {q.money(RENT)} a GPU-hour. While it serves it writes {RATE:,.0f} tokens/s for all its "
        f"users together, and it serves {q.percent(BUSY)} of the hours. What does **a million written tokens** cost its host?",
        answer=cost,
        unit="$",
        tolerance=0.02,
        mistakes=[
            (lambda: cost(busy=1), "That is a node that is never idle. You pay for the idle hours, too."),
            (
                lambda: cost(busy=1 - BUSY),
                "You divided by the idle share; tokens come in the hours that serve.",
            ),
            (lambda: cost(hour=RENT), f"That is the rent of one GPU; the node has {GPUS}."),
            (
                lambda: cost(busy=1 / BUSY),
                "You made idle hours save money: fewer tokens share the same rent, so each costs more.",
            ),
            (lambda: cost(hour=GPUS**2 * RENT), f"You counted the {GPUS} GPUs twice."),
            (lambda: cost(seconds=60), "That is the rent of an hour over the tokens of a minute."),
        ],
        hint="Dollars of an hour, over the tokens that an hour brings when only part of it is used.",
    )


def tokens_a_day() -> questions.Exercise:
    """Lesson 09, with changed numbers: from how many tokens a day one's own machine is cheaper."""

    def mixed() -> float:
        return (RATIO * INPUT + OUTPUT) / (RATIO + 1)

    return questions.exercise(
        "tokens a day",
        f"A machine of your own costs {q.money(DAY)} a day and can read and write {CAPACITY / MILLION:.0f} million tokens in it. A vendor "
        f"asks {q.money(INPUT)} for a million tokens of input and {q.money(OUTPUT)} for a million of output; you read "
        f"{RATIO} tokens for each that is written. From how many **tokens a day**, read and written together, is your own "
        "machine cheaper? Check that it can serve them.",
        answer=lambda: DAY / mixed() * MILLION,
        unit="tokens a day",
        tolerance=0.02,
        mistakes=[
            (lambda: DAY / OUTPUT * MILLION, "You priced every token as output; most of them are input."),
            (lambda: DAY / INPUT * MILLION, "You priced every token as input; the written ones cost more."),
            (
                lambda: DAY / ((INPUT + OUTPUT) / 2) * MILLION,
                f"You took the plain mean of both prices: of {RATIO + 1} tokens only one is written.",
            ),
            (
                lambda: DAY / ((INPUT + RATIO * OUTPUT) / (RATIO + 1)) * MILLION,
                f"You swapped the weights: {RATIO} tokens are read for one that is written.",
            ),
            (
                lambda: DAY / (RATIO * INPUT + OUTPUT) * MILLION,
                f"That counts the written tokens alone: with each come {RATIO} that are read.",
            ),
            (CAPACITY, "That is what the machine can do, not from where on it pays."),
        ],
        hint="What does the vendor ask for one token of your mix? The machine's day, over that.",
    )


def owners() -> tuple[list[str], np.ndarray]:
    """Owners of AI compute with a published size, and everybody else as one; H100 equivalents."""
    stocks = token_capital.companies()
    return list(stocks), np.array(list(stocks.values()))


def points_of_a_merger() -> questions.Exercise:
    """Lesson 09, open: by how much a merger raises the index of concentration."""
    names, sizes = owners()
    first, second = sizes[names.index(BUYER)], sizes[names.index(BOUGHT)]
    shares = 100 * np.array([first, second]) / sizes.sum()

    def rise() -> float:
        together = np.append(np.delete(sizes, [names.index(BUYER), names.index(BOUGHT)]), first + second)
        return market.concentration(together) - market.concentration(sizes)

    return questions.exercise(
        "merger",
        f"Open: {BUYER} holds {shares[0]:.1f} % of the AI compute of December 2025, {BOUGHT} {shares[1]:.1f} %. By how many "
        "**points** would the Herfindahl-Hirschman index rise if the first bought the second? Then argue: would tokens "
        "become dearer, and for whom?",
        answer=rise,
        unit="points",
        tolerance=0.03,
        mistakes=[
            (lambda: shares.sum() ** 2, "That is the new owner's own part. What was there before goes away."),
            (lambda: float((shares**2).sum()), "Those are the points that go away, not the rise."),
            (lambda: shares.prod(), "Nearly: expand the square of a sum; the middle term counts twice."),
            (lambda: shares.sum(), "You added shares. The index adds their squares."),
        ],
        hint="The square of the sum, less the sum of the squares. Everybody else's part stays as it was.",
    )
