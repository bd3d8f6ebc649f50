"""Lesson 03's panel: how many experts a batch touches, drawn and counted, beside three wrong formulas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from ..cost.efficiency import habits
from ..facts import catalog
from ..facts import quantities as q
from ..models.experts import experts_touched, experts_touched_by_chance
from ..models.routing import chances, distinct, route
from ..models.transformer import Model
from ..page import controls, live
from ..page.layout import headline, log_axis
from ..page.style import BLUE, GREY, ORANGE, RED

MODELS = ("Mixtral 8x7B", "Llama 4 Maverick", "gpt-oss-120b", "Qwen3-235B-A22B", "DeepSeek-R1", "GLM-5.2")
MODELS += ("Kimi K2",)
MOST = 512  # tokens in the largest batch
DOTS = 2 ** np.arange(10)  # batches at which the drawn tokens are counted
BATCHES = np.unique(np.geomspace(1, MOST, 80).round().astype(int))  # of each curve
RUNS = 3
FARTHEST = 200  # times too many or too few: end of the axis
DARK = "#8A5F00"  # words in orange must be darker than lines to be read


@dataclass(frozen=True)
class Published:
    """A mixture-of-experts layer of E = 256, k = 8 on one H200, as its makers' own count went wrong and right.

    Their benchmark draws random scores and adds a random bias to each expert: favourites, but not a trained router's.
    Sources: https://github.com/tile-ai/TileOPs/pull/2127 (experts, bytes, time); tokens of that workload:
    tile-ai/TileOPs@52dbc08 src/tileops/manifest/moe.yaml, "kimi-k2-decode"; scores: workloads/moe.py.
    """

    experts: int = 256
    chosen: int = 8
    tokens: int = 512
    touched: int = 170
    charged: float = 22.564e9  # bytes if every expert is read
    counted: float = 14.989e9  # bytes of those touched
    profiled: float = 15.568e9  # bytes that the GPU's own counters saw
    seconds: float = 3.77e-3
    device: str = "H200 SXM 141GB"

    def sentence(self) -> str:
        """Why not all experts can have been read, and what the two formulas say of that batch.

        >>> "impossible" in Published().sentence()
        True
        """
        limit = catalog.device(self.device).memory_bandwidth
        claimed, real = (q.rate(read / self.seconds, "B/s", 2) for read in (self.charged, self.counted))
        uniform = float(experts_touched(self.experts, self.chosen, self.tokens))
        return (
            f"{self.tokens} tokens touched {self.touched} of {self.experts} experts. Charged with all of them, the "
            f"layer would have read {claimed} on a GPU whose memory gives {q.rate(limit, 'B/s')}: impossible. "
            f"With those touched it read {real}, and the GPU's own counters saw "
            f"{q.significant(self.profiled / self.counted, 3)} times those bytes. Uniform choice would have touched "
            f"{q.significant(uniform)}: this router had favourites."
        )


PUBLISHED = Published()


def wrong(experts: int, chosen: int, batch) -> dict[str, np.ndarray]:
    """What three common formulas say a batch touches, by name.

    >>> {name: int(said) for name, said in wrong(256, 8, 20).items()}
    {'always 8': 8, 'min(E, k B)': 160, 'always all': 256}
    >>> int(wrong(256, 8, 40)["min(E, k B)"])
    256
    """
    batch = np.asarray(batch)
    return {
        f"always {chosen}": np.full(batch.shape, chosen),
        "min(E, k B)": np.minimum(experts, chosen * batch),
        "always all": np.full(batch.shape, experts),
    }


@lru_cache(maxsize=64)
def router(experts: int, chosen: int, favour: float) -> tuple[np.ndarray, np.ndarray]:
    """Of a router with favourites: the chance of each expert, and how many experts the tokens of some runs touched.

    Returns:
        chances (experts,); counts (runs, dots) at the batches of `DOTS`.
    """
    sent = chances(experts, chosen, favour)
    runs = [route(experts, chosen, MOST, favour, np.random.default_rng(run)) for run in range(RUNS)]
    return sent, np.array([distinct(run)[DOTS - 1] for run in runs])


def expert_bytes(model: Model) -> float:
    """Bytes of one routed expert of one layer, in the format of the release.

    >>> from freeweights.models.transformer import model
    >>> q.size(expert_bytes(model("Mixtral 8x7B")))
    '352 MB'
    """
    return model.expert_weights * catalog.weight_format(model.native_format).bits / 8


def draw(figure: Figure) -> dict:
    """Left: experts touched against batch. Right: how far each formula is off at the chosen batch."""
    left = figure.add_axes((0.09, 0.135, 0.495, 0.705))
    left.set(xlim=(0.6, 1.15 * MOST), ylim=(0, 1.13), xlabel="tokens in the batch")
    left.set_ylabel("touched, of the layer's experts", labelpad=1)
    log_axis(left.xaxis, {int(batch): str(batch) for batch in DOTS})
    left.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    right = figure.add_axes((0.615, 0.135, 0.37, 0.705))
    right.set(xlim=(1 / FARTHEST, FARTHEST), ylim=(-0.55, 3.75), yticks=[])
    log_axis(right.xaxis, {0.01: "1/100", 0.1: "1/10", 1: "right", 10: "10", 100: "100"})
    right.set_xlabel("bytes of a layer, times those really read")
    right.axvline(1, color="black", linewidth=1.2)
    white = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    words = {"fontsize": 10, "color": RED, "bbox": white, "parse_math": False}
    return {
        "title": headline(figure),
        "key": [
            figure.text(x, 0.885, "", color=colour, fontsize=10, va="center")
            for x, colour in ((0.09, BLUE), (0.25, DARK), (0.43, GREY), (0.615, "black"))
        ],
        "here": left.plot([], [], color=GREY, linewidth=1.2, linestyle=":")[0],
        "wrong": [left.plot([], [], color=RED, linewidth=1.2)[0] for _ in range(3)],
        "wrong names": [
            left.text(1.1 * MOST, 0, "", ha="right", va="bottom", **words),
            left.text(1, 0.86, "", ha="right", va="center", **words),
            left.text(0.65, 1.02, "", va="bottom", **words),
        ],
        "uniform": left.plot([], [], color=BLUE, linestyle="--")[0],
        "expected": left.plot([], [], color=ORANGE, linewidth=3)[0],
        "drawn": left.plot([], [], "o", color="white", markeredgecolor=GREY, markersize=5)[0],
        "published": left.plot([], [], "X", color="black", markeredgecolor="white", markersize=10)[0],
        "bars": right.barh(range(4), 0, color=[RED, RED, RED, BLUE], height=0.34, left=1),
        "words": [
            right.text(1 / FARTHEST * 1.06, row + 0.37, "", **words | {"color": "black", "va": "center"})
            for row in range(4)
        ],
    }


def update(artists: dict, name: str, batch: float, favour: float) -> str:
    """Move lines, dots and bars to one mixture, batch and router; say how far each formula is off."""
    model = Model.named(name)
    experts, chosen = model.experts, model.experts_per_token
    sent, drawn = router(experts, chosen, round(favour, 6))
    touched = float(experts_touched_by_chance(sent, batch))
    applies = (experts, chosen) == (PUBLISHED.experts, PUBLISHED.chosen)
    show_lines(artists, experts, chosen, experts_touched_by_chance(sent, BATCHES), drawn)
    show_words(artists, batch, favour, applies)
    uniform = float(experts_touched(experts, chosen, batch))
    said = {formula: float(number) for formula, number in wrong(experts, chosen, batch).items()}
    show_bars(artists, said | {"uniform": uniform}, touched, expert_bytes(model))
    artists["title"].set_text(finding(experts, batch, touched, said))
    return sentence(model, batch, favour, touched, said, drawn)


def show_lines(artists: dict, experts: int, chosen: int, expected: np.ndarray, drawn: np.ndarray) -> None:
    """Draw every curve as a share of the layer's experts, and name the wrong ones."""
    said = wrong(experts, chosen, BATCHES)
    for line, label, (formula, numbers) in zip(artists["wrong"], artists["wrong names"], said.items()):
        line.set_data(BATCHES, numbers / experts)
        label.set_text(f"{formula} {experts}" if formula == "always all" else formula)
    artists["wrong names"][0].set_y(chosen / experts + 0.015)
    artists["wrong names"][1].set_x(0.86 * experts / chosen / 1.12)
    artists["uniform"].set_data(BATCHES, experts_touched(experts, chosen, BATCHES) / experts)
    artists["expected"].set_data(BATCHES, expected / experts)
    artists["drawn"].set_data(np.tile(DOTS, RUNS), drawn.ravel() / experts)


def show_words(artists: dict, batch: float, favour: float, applies: bool) -> None:
    """The key above the lines, the mark of what was published where it applies, and the line at the batch."""
    artists["here"].set_data([batch, batch], [0, 1])
    mark = ([PUBLISHED.tokens], [PUBLISHED.touched / PUBLISHED.experts]) if applies else ([], [])
    artists["published"].set_data(*mark)
    favourites = f"━ favour {q.significant(favour)}" if favour else "━ no favourites"
    published = f"✖ published: {PUBLISHED.touched} of {PUBLISHED.experts}" if applies else ""
    for label, text in zip(
        artists["key"], ("╌ uniform choice", favourites, f"○ {RUNS} runs drawn", published)
    ):
        label.set_text(text)


def show_bars(artists: dict, said: dict[str, float], touched: float, each: float) -> None:
    """A bar for each formula, from right to how far it is off; above it the bytes of one layer it gives."""
    for bar, words, (formula, number) in zip(artists["bars"], artists["words"], said.items()):
        factor = number / touched
        bar.set(x=min(factor, 1), width=abs(factor - 1))
        words.set_text(f"{formula}: {q.size(number * each)}, {off(factor)}")


def off(factor: float) -> str:
    """How far a count is off.

    >>> off(0.05), off(1.57), off(1.001)
    ('20 times too few', '1.6 times too many', 'right')
    """
    if abs(np.log(factor)) < np.log(1.005):
        return "right"
    ratio, side = max(factor, 1 / factor), "many" if factor > 1 else "few"
    return f"{q.times(ratio, 2 if ratio > 1.1 else 3)} too {side}"


def touching(batch: float) -> str:
    """Who touches.

    >>> touching(1), touching(32)
    ('1 token touches', '32 tokens touch')
    """
    return "1 token touches" if batch == 1 else f"{batch:,.0f} tokens touch"


def finding(experts: int, batch: float, touched: float, said: dict[str, float]) -> str:
    """The title: how many are touched, and the formula that is farthest off."""
    worst = max(said, key=lambda formula: abs(np.log(said[formula] / touched)))
    return f"{touching(batch)} {q.significant(touched)} of {experts}: “{worst}” counts {off(said[worst] / touched)}"


def sentence(
    model: Model, batch: float, favour: float, touched: float, said: dict[str, float], drawn: np.ndarray
) -> str:
    """The same in numbers and bytes, with the runs nearest to the batch and the agreement seen in practice."""
    each, experts = expert_bytes(model), model.experts
    choice = f"favour {q.significant(favour)}" if favour else "no favourites"
    wrongs = ", ".join(
        f"“{formula}” says {q.significant(number)} ({off(number / touched)})"
        for formula, number in said.items()
    )
    near = int(np.abs(np.log(DOTS / batch)).argmin())
    runs = ", ".join(str(int(run[near])) for run in drawn)
    agreed = float(experts_touched(experts, model.experts_per_token, batch, habits().skew))
    return (
        f"{model.name} sends a token to {model.experts_per_token} of {experts} experts a layer. With {choice}, "
        f"{touching(batch)} {q.significant(touched)}: {q.size(touched * each)} of one layer in "
        f"{model.native_format}, {q.size(model.moe_layers * touched * each)} of all {model.moe_layers}. {wrongs}. "
        f"Drawn {RUNS} times, {touching(DOTS[near])} {runs}. Real tokens also agree with each other: the agreement of "
        f"{q.significant(habits().skew)} that fits published batch series says {q.significant(agreed)}."
    )


def panel() -> live.Panel:
    """Experts touched by a batch of any size, with and without favourites, beside the formulas that fail.

    >>> panel().set(name="Mixtral 8x7B", batch=3, favour=0)
    """
    return live.panel(
        draw,
        update,
        title="Distinct experts that a batch touches in one layer, and three wrong formulas",
        size=(9, 4.4),
        name=controls.choice("Mixture", MODELS, start="DeepSeek-R1"),
        batch=controls.log_slider("Batch", 1, MOST, start=32, unit="tokens", whole=True),
        favour=controls.slider("Favour", 0, 2, start=0, step=0.1),
    )
