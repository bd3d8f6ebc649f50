"""The exercises of lesson 08: a message over a home's line, local steps that keep cards busy, and how many givers."""

from __future__ import annotations

from ..facts import quantities as q
from ..page import questions
from .bills import BILLS, LAST_LLAMA, LLAMA

NUMBERS, LINE = 8e9, 50e6  # of the first exercise: parameters, bits per second
SHARE, SIZE, BITS, STEP, HOME = 0.9, 1e9, 8, 2.0, 20e6
GIFT, YEARS = 20.0, 5


def message_over_a_line() -> questions.Exercise:
    """Lesson 08, one step: how long one exchange takes a home."""

    def taken(bits: float = 16) -> float:
        return NUMBERS * bits / LINE / q.MINUTE

    return questions.exercise(
        "message",
        f"A home sends the gradients of {q.count(NUMBERS)} parameters, at 16 bits each, over {LINE / 1e6:g} Mbit/s. How many **minutes** does one message take?",
        answer=taken,
        unit="minutes",
        tolerance=0.02,
        mistakes=[
            (
                lambda: taken() / 8,
                "You took the line's bits for bytes: it carries megabits, eight to a byte.",
            ),
            (lambda: taken(bits=32), "Those are 32 bits a number."),
            (lambda: taken() * q.MINUTE, "Those are seconds."),
        ],
        hint="Numbers times bits, over bits a second.",
    )


def steps_to_stay_busy() -> questions.Exercise:
    """Lesson 08, with changed numbers: how many local steps a line needs."""

    def steps(share: float = SHARE, bits: float = BITS, hidden: float = 2 / 3) -> float:
        exposed = SIZE * bits / HOME - STEP * hidden
        return exposed * share / (1 - share) / STEP

    return questions.exercise(
        "steps",
        f"A worker computes a step in {STEP:g} s. It exchanges {q.count(SIZE)} numbers of {BITS} bits over {HOME / 1e6:g} Mbit/s, in one piece, of which two thirds of a step are hidden. "
        f"After how many **local steps** does it compute {q.percent(SHARE)} of the time?",
        answer=steps,
        unit="steps",
        tolerance=0.02,
        mistakes=[
            (
                lambda: steps() * (1 - SHARE) / SHARE,
                "That makes computing as long as sending: the share is one half.",
            ),
            (lambda: steps(bits=1), "Those are numbers over the line: each has several bits."),
        ],
        hint=f"Computing over computing and what is exposed is the share; `lesson08.far_apart.link_for({SHARE:g}, ...)` turns it round.",
    )


def givers() -> questions.Exercise:
    """Lesson 08, open: how many givers a model takes."""

    def needed(years: float = YEARS) -> float:
        return BILLS[LAST_LLAMA]() / (GIFT * years)

    return questions.exercise(
        "givers",
        f"Open: {LLAMA}'s last run, on rented cards, is to be paid by gifts of {q.money(GIFT)} a year for {YEARS} years. How many **givers** does it take? "
        "(`lesson08.bills.BILLS` has the bill.) Then say who they could be, what they would want for it, and who decides what is trained.",
        answer=needed,
        unit="people",
        tolerance=0.03,
        mistakes=[
            (lambda: needed(years=1), "They give for several years."),
            (lambda: needed() * GIFT, "That is dollars a year: divide by one gift."),
        ],
        hint="The bill, over what one giver gives in all.",
    )
