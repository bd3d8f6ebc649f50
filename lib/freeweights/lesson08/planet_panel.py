"""Lesson 08's panel: a model trained by homes, what of their time is left for learning, and in how many years."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

from ..facts import catalog
from ..facts import quantities as q
from ..facts.figures import together
from ..models.transformer import Model
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREEN, GREY, INK, ORANGE
from .bills import DEVICE, LLAMA
from .far_apart import Exchange
from .planet import MBIT, STATE, Crowd

MODELS = ("Llama 3.2 1B", "Llama 3.1 8B", "Llama 3.1 70B", "Llama 3.1 405B", "DeepSeek-V3")
CARD = "GeForce RTX 4080 16GB"  # at the start, and in the verdict
CARDS = ("GeForce RTX 4060 Laptop 8GB", CARD, "GeForce RTX 5090", "H100 SXM5 80GB")
CAUSES = (
    "passing on",
    "waiting in line",
    "exchanging",
    "online",
    "cap of the line",
    "nobody left",
    "not checking",
)
# Tokens of their training, from their makers' cards and reports; rounded for the family of 70 B and less.
PUBLISHED = {
    "Llama 3.2 1B": 9e12,
    "Llama 3.1 8B": 15e12,
    "Llama 3.1 70B": 15e12,
    "Llama 3.1 405B": 15.6e12,
    "DeepSeek-V3": 14.8e12,
}
LOST = {
    "passing on": "passing on", "waiting in line": "waiting in line", "exchanging": "exchanging", "online": "hours offline", "cap of the line": "the line's cap", "nobody left": "who leaves",
    "not checking": "checking",
}  # fmt: skip
LEAST, YEARS = 1e-3, (1e-3, 1e6)
FEWEST, MOST = 1e2, 1e8  # homes
FOREVER = 1000.0  # years from which a number says no more
UNCAPPED = 20_000  # GB a month from which a line counts as having no cap
LOOKS = {
    Exchange.EVERY_STEP: (ORANGE, ":"),
    Exchange.LOCAL_STEPS: (GREEN, "--"),
    Exchange.OVERLAPPED: (BLUE, "-"),
}


def draw(figure: Figure) -> live.Artists:
    """Left: what each cause leaves of the time. Right: years over the number of homes, by way of exchange."""
    left, right = layout.grid(figure, columns=(3, 4))
    layout.log_axis(left.xaxis, {LEAST: "0.1 %", 0.01: "1 %", 0.1: "10 %", 1: "100 %"})
    left.set(xlim=(LEAST, 1), xlabel="left of a home's time")
    causes = charts.rows(left, dict.fromkeys((*CAUSES, "all together"), (BLUE, "o")))
    layout.log_axis(right.xaxis, layout.decades(FEWEST, MOST, every=2))
    layout.log_axis(right.yaxis, layout.decades(*YEARS, every=2))
    right.set(xlim=(FEWEST, MOST), ylim=YEARS, xlabel="homes", ylabel="years")
    curves = charts.curves(right, LOOKS)
    return live.Artists(finding=layout.headline(figure), causes=causes, curves=curves)


def update(
    artists: live.Artists, model: str, card: str, homes: float, upload: float, exchange: str, local_steps: float, batch: float, bits: str,
    cap: float, leaves: float, squeezed: float, checked: float,
) -> str:  # fmt: skip
    """Count one crowd; say how long it takes, and what it lacks most."""
    tokens = PUBLISHED[model]

    def crowd(many: float, how: str) -> Crowd:
        return Crowd(
            Model.named(model), tokens, int(many), card, upload * MBIT, int(local_steps) if how != Exchange.EVERY_STEP else 1,
            int(bits), how, squeezed / 100, leaves / 100, math.inf if cap >= UNCAPPED else cap * 1e9, checked / 100, batch,
        )  # fmt: skip

    one = crowd(homes, exchange)
    reach = np.geomspace(FEWEST, MOST, 60)
    years = {how: np.ma.masked_invalid([crowd(many, how).years for many in reach]) for how in LOOKS}
    artists.curves.show({how: (reach, line) for how, line in years.items()}, here=homes)
    if not one.copies:
        artists.causes.show({})
        artists.finding.set_text(
            f"{model} needs {one.homes_of_a_copy:,} such homes for one copy: {one.homes:,} hold none"
        )
        return (
            f"Training keeps {q.size(one.model.parameters * STATE)} for {model}: {one.homes_of_a_copy:,} cards with {card}. "
            f"With {one.homes:,} nobody begins: choose more homes, a larger card or a smaller model."
        )
    shares = one.shares | {"all together": math.prod(one.shares.values())}
    worst = one.stops
    artists.causes.show({
        name: charts.Quantity(max(LEAST, share), words=q.percent(share), ink=INK[ORANGE] if name == worst else GREY)
        for name, share in shares.items()
    })  # fmt: skip
    artists.finding.set_text(
        f"{q.count(one.homes)} homes: {spell(one.years)}; most is lost by {LOST[worst]}, {q.percent(shares[worst])} is left"
    )
    share = catalog.device(card).flops_fp16 / catalog.device(DEVICE).flops_fp16
    return (
        f"{model} on {q.count(tokens)} tokens: a copy needs {one.homes_of_a_copy:,} home{'s' * (one.homes_of_a_copy > 1)} with {card}, so there are {one.copies:,} copies. Its cards "
        f"compute a step of {q.count(one.batch)} tokens in {q.duration(one.computing)}; with its lines it takes {q.duration(one.step)}. "
        f"{q.percent(shares['all together'])} of the time is left, and {worst} leaves least ({q.percent(shares[worst])}). That makes "
        f"{q.count(one.tokens_per_day)} tokens a day: {spell(one.years)}, if {q.count(one.between)} tokens between two exchanges teach as much as they do "
        f"one after the other; of {together('diloco-cost-8').value:g} times the FLOPs for 8 copies a source speaks. A card is {q.percent(share)} of an H100."
    )


def spell(years: float) -> str:
    """A time in years, or in days if it is short.

    >>> spell(2.5), spell(0.1), spell(float("inf"))
    ('2.5 years', '37 days', 'over 1,000 years')
    """
    if years > FOREVER:
        return f"over {FOREVER:,.0f} years"
    if years * q.YEAR < q.DAY:
        return "less than a day"
    return f"{q.count(years, 2)} years" if years >= 1 else f"{years * q.YEAR / q.DAY:.0f} days"


def panel() -> live.Panel:
    """A planet of homes.

    >>> panel().set(model="Llama 3.2 1B", homes=200, upload=5)
    """
    home, squeeze = together("line-world-upload").value, together("squeeze-activations").value
    return live.panel(
        draw,
        update,
        title="Homes that train one model together",
        size=(9, 4.6),
        model=controls.choice("Model", MODELS, start=LLAMA),
        card=controls.choice("Card", CARDS, start=CARD),
        homes=controls.log_slider("Homes", FEWEST, MOST, start=1e6, whole=True),
        upload=controls.log_slider("Upload", 1, 100_000, start=home, unit="Mbit/s"),
        exchange=controls.choice("Exchange", [str(one) for one in LOOKS], start=str(Exchange.OVERLAPPED)),
        local_steps=controls.log_slider("Local steps", 1, 1000, start=3, whole=True),
        batch=controls.log_slider("Tokens a step", 4096, 2**23, start=2**20, whole=True),
        bits=controls.choice("Bits of a number", ("32", "16", "8", "4", "1"), start="4"),
        cap=controls.log_slider(
            "Cap of the line", 50, UNCAPPED, start=together("cap-comcast").value, unit="GB a month"
        ),
        leaves=controls.slider("Leave in an hour", 0, 5, step=0.05, start=0.1, unit="%"),
        squeezed=controls.slider("Squeezed between layers", 0, 99, step=1, start=squeeze, unit="%"),
        checked=controls.slider("Checking", 0, 90, step=1, start=together("check-adaptive").value, unit="%"),
    )
