"""Lesson 03's panel: how many experts a batch touches, drawn and counted, beside three wrong formulas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from ..cost.efficiency import fitted_constants
from ..facts import catalog
from ..facts import quantities as q
from ..models.experts import expected_distinct_experts, expected_distinct_experts_given
from ..models.routing import distinct, route, selection_probabilities
from ..models.transformer import Model
from ..page import charts, controls, layout, live
from ..page.style import BLUE, GREY, ORANGE, RED

MODELS = ("Mixtral 8x7B", "Llama 4 Maverick", "gpt-oss-120b", "Qwen3-235B-A22B", "DeepSeek-R1", "GLM-5.2")
MODELS += ("Kimi K2",)
MOST = 512  # tokens in the largest batch
DOTS = 2 ** np.arange(10)  # batches at which the drawn tokens are counted
BATCHES = np.unique(np.geomspace(1, MOST, 80).round().astype(int))  # of each curve
RUNS = 3
FARTHEST = 200  # times too many or too few: end of the axis
FORMULAS = ("always k", "min(E, k B)", "always all", "uniform choice")  # the first three are wrong
CURVES = dict(zip(FORMULAS, [(RED, ":"), (RED, "-."), (RED, "-"), (BLUE, "--")])) | {"favour": (ORANGE, "-")}


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
        uniform = float(expected_distinct_experts(self.experts, self.chosen, self.tokens))
        return (
            f"{self.tokens} tokens touched {self.touched} of {self.experts} experts. Charged with all of them, the "
            f"layer would have read {claimed} on a GPU whose memory gives {q.rate(limit, 'B/s')}: impossible. "
            f"With those touched it read {real}, and the GPU's own counters saw "
            f"{q.significant(self.profiled / self.counted, 3)} times those bytes. Uniform choice would have touched "
            f"{q.significant(uniform)}: this router had favourites."
        )


PUBLISHED = Published()


def wrong(experts: int, chosen: int, batch) -> dict[str, np.ndarray]:
    """What three shorter formulas say a batch touches, by name.

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
def router(experts: int, chosen: int, zipf_exponent: float) -> tuple[np.ndarray, np.ndarray]:
    """Of a router with favourites: the chance of each expert, and how many experts the tokens of some runs touched.

    Returns:
        chances (experts,); counts (runs, tokens) after each token, up to the largest batch.
    """
    sent = selection_probabilities(experts, chosen, zipf_exponent)
    runs = [route(experts, chosen, MOST, zipf_exponent, np.random.default_rng(run)) for run in range(RUNS)]
    return sent, np.array([distinct(run) for run in runs])


def expert_bytes(model: Model) -> float:
    """Bytes of one routed expert of one layer, in the format of the release.

    >>> from freeweights.models.transformer import model
    >>> q.size(expert_bytes(model("Mixtral 8x7B")))
    '352 MB'
    """
    return model.expert_weights * catalog.weight_format(model.native_format).bits / 8


def draw(figure: Figure) -> live.Artists:
    """Left: experts touched against batch. Right: how far each formula is off at the chosen batch."""
    left, right = layout.grid(figure, columns=(5, 4))
    layout.log_axis(left.xaxis, {int(batch): str(batch) for batch in DOTS})
    left.set(
        xlim=(1, MOST), ylim=(0, 1.05), xlabel="tokens in the batch", ylabel="touched, of the layer's experts"
    )
    layout.percent_axis(left.yaxis)
    layout.log_axis(right.xaxis, {0.01: "1/100", 0.1: "1/10", 1: "right", 10: "10", 100: "100"})
    right.set(xlim=(1 / FARTHEST, FARTHEST), xlabel="bytes of a layer, times those really read")
    right.axvline(1, color="black", linewidth=1.2)
    curves = charts.curves(left, CURVES)
    curves.lines["favour"].set_linewidth(3)
    drawn = left.plot([], [], "o", color="white", markeredgecolor=GREY, markersize=5)[0]
    seen = left.plot([], [], "X", color="black", markeredgecolor="white", markersize=10, clip_on=False)[0]
    rows = charts.rows(right, {name: (CURVES[name][0], "o") for name in FORMULAS}, words="below")
    published = f"published: {PUBLISHED.touched} of {PUBLISHED.experts}"
    layout.legend(
        figure, {"as chosen at Favour": curves.lines["favour"], f"{RUNS} runs drawn": drawn, published: seen}
    )
    return live.Artists(
        finding=layout.headline(figure), curves=curves, drawn=drawn, published=seen, rows=rows
    )


def update(artists: live.Artists, name: str, batch: float, zipf_exponent: float) -> str:
    """Move lines, dots and rows to one mixture, batch and router; say how far each formula is off."""
    model = Model.named(name)
    experts, chosen = model.experts, model.experts_per_token
    sent, drawn = router(experts, chosen, round(zipf_exponent, 6))
    touched = float(expected_distinct_experts_given(sent, batch))
    counts = [*wrong(experts, chosen, BATCHES).values(), expected_distinct_experts(experts, chosen, BATCHES)]
    shown = dict(zip(FORMULAS, counts)) | {"favour": expected_distinct_experts_given(sent, BATCHES)}
    artists.curves.show({one: (BATCHES, count / experts) for one, count in shown.items()}, here=batch)
    artists.drawn.set_data(np.tile(DOTS, RUNS), drawn[:, DOTS - 1].ravel() / experts)
    applies = (experts, chosen) == (PUBLISHED.experts, PUBLISHED.chosen)
    seen = [PUBLISHED.tokens], [PUBLISHED.touched / PUBLISHED.experts]
    artists.published.set_data(*(seen if applies else charts.NOWHERE))
    said = {formula: float(number) for formula, number in wrong(experts, chosen, batch).items()}
    counted = [*said.values(), float(expected_distinct_experts(experts, chosen, batch))]
    each = expert_bytes(model)
    artists.rows.show({
        formula: charts.Quantity(number / touched, words=f"{q.size(number * each)}, {off(number / touched)}")
        for formula, number in zip(FORMULAS, counted)
    })  # fmt: skip
    artists.finding.set_text(finding(experts, batch, touched, said))
    return sentence(model, batch, zipf_exponent, touched, said, drawn)


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
    model: Model,
    batch: float,
    zipf_exponent: float,
    touched: float,
    said: dict[str, float],
    drawn: np.ndarray,
) -> str:
    """The same in numbers and bytes, with the runs drawn at that batch and the agreement seen in practice."""
    each, experts = expert_bytes(model), model.experts
    choice = f"favour {q.significant(zipf_exponent)}" if zipf_exponent else "no favourites"
    wrongs = ", ".join(
        f"“{formula}” says {q.significant(number)} ({off(number / touched)})"
        for formula, number in said.items()
    )
    runs = ", ".join(str(int(run[int(batch) - 1])) for run in drawn)
    agreed = float(
        expected_distinct_experts(
            experts, model.experts_per_token, batch, fitted_constants().routing_agreement
        )
    )
    return (
        f"{model.name} sends a token to {model.experts_per_token} of {experts} experts a layer. With {choice}, "
        f"{touching(batch)} {q.significant(touched)}: {q.size(touched * each)} of one layer in "
        f"{model.native_format}, {q.size(model.moe_layers * touched * each)} of all {model.moe_layers}. {wrongs}. "
        f"Drawn {RUNS} times, {touching(batch)} {runs}. Real tokens also agree with each other: the agreement of "
        f"{q.significant(fitted_constants().routing_agreement)} that fits published batch series says {q.significant(agreed)}."
    )


def panel() -> live.Panel:
    """Experts touched by a batch of any size, with and without favourites, beside the formulas that fail.

    >>> panel().set(name="Mixtral 8x7B", batch=3, zipf_exponent=0)
    """
    return live.panel(
        draw,
        update,
        title="Distinct experts that a batch touches in one layer, and three wrong formulas",
        size=(9, 4.4),
        name=controls.choice("Mixture", MODELS, start="DeepSeek-R1"),
        batch=controls.log_slider("Batch", 1, MOST, start=32, unit="tokens", whole=True),
        zipf_exponent=controls.slider("Favour", 0, 2, start=0, step=0.1),
    )
