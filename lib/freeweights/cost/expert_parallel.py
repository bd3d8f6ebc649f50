"""Experts on different devices: what tokens carry to them and back, and who waits for whom."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..facts import catalog
from ..facts.arrays import at_least, plain
from ..facts.records_measured import Collective
from ..machines.fabric import Fabric, fabric, on_the_wire
from ..machines.interconnect import all_reduce_latency, bus_bandwidth
from ..models.experts import expected_distinct_experts_given
from ..models.routing import selection_probabilities
from ..models.transformer import Model
from . import efficiency, inference
from .expert_placement import TRIALS, apply_capacity, expert_loads, most_first, on_devices, placement, share
from .memory import ACTIVATION_BYTES
from .weight_storage import weight_storage

DISPATCH_BYTES = 1  # of a value on its way to an expert; it comes back with ACTIVATION_BYTES


def token_bytes(model: Model) -> tuple[float, float]:
    """Bytes that one token sends to its experts in one layer, and gets back.

    One byte a value going, two coming back, for each of k experts: DeepSeek-V3, arXiv:2412.19437, section 3.2.

    Raises:
        ValueError: a dense model.

    >>> from freeweights.models.transformer import model
    >>> token_bytes(model("DeepSeek-R1"))
    (57344.0, 114688.0)
    """
    if not model.is_moe:
        raise ValueError(f"{model.name} is dense: it has no experts to send tokens to. Try 'DeepSeek-R1'.")
    values = float(model.experts_per_token * model.hidden_size)
    return DISPATCH_BYTES * values, ACTIVATION_BYTES * values


def nodes_reached(experts: int, chosen: int, nodes: int) -> float:
    """Expected number of distinct nodes on which the experts of one token lie, routed uniformly.

    The formula of touched experts again, of choices that differ: each has one expert fewer to fall on.

    Args:
        experts, chosen: of one layer, E and k.
        nodes: how many share the experts equally.

    Raises:
        ValueError: as in `routing.check_experts`, or experts that the nodes cannot share equally.

    >>> from freeweights.models.experts import expected_distinct_experts
    >>> round(nodes_reached(256, 8, 8), 2), round(float(expected_distinct_experts(8, 1, 8)), 2)
    (5.29, 5.25)
    """
    elsewhere, drawn = experts - share(experts, chosen, nodes), np.arange(chosen)
    return float(nodes * (1 - np.prod(np.maximum(elsewhere - drawn, 0) / (experts - drawn))))


def copies_leaving(experts: int, chosen: int, nodes: int, most: int | None = None) -> float:
    """How many copies of one token leave its node in one layer, if one goes to each node and is passed on inside.

    Args:
        experts, chosen, nodes: as in `nodes_reached`.
        most: a router's limit on the nodes of one token (DeepSeek-V3: 4); None for none.

    >>> round(copies_leaving(256, 8, 8), 2), round(copies_leaving(256, 8, 8, most=4), 2)
    (4.63, 3.18)
    """
    limit = min(nodes, most or nodes)
    reached = nodes_reached(share(experts, chosen, nodes) * limit, chosen, limit)
    return reached * (nodes - 1) / nodes


def published() -> dict[str, list[tuple[Collective, float]]]:
    """The rows of data/collectives.csv for "dispatch" and "combine", each with its least time in seconds.

    >>> [row.devices for row, _ in published()["combine"]]
    [8, 16, 32, 64, 128, 256]
    """
    nodes, found = fabric("H800 SXM5 80GB", "InfiniBand NDR (4x port)"), {"dispatch": [], "combine": []}
    for row in catalog.table(Collective):
        found[row.operation].append((row, on_the_wire(nodes, row.devices, row.message_bytes)))
    return found


def start_up() -> float:
    """Seconds of an all-to-all that no byte explains: packing, signals, waiting for the last part.

    The median of what published dispatches took beyond their wire; combines are left for checking.

    >>> 3e-5 < start_up() < 6e-5
    True
    """
    return float(np.median([row.seconds - wire for row, wire in published()["dispatch"]]))


def exchange(model: Model, fabric: Fabric, devices: int, tokens) -> tuple:
    """Seconds of one layer's dispatch and combine with today's kernels, all devices sending and getting alike.

    Args:
        tokens: of each device, number or array.

    >>> from freeweights.models.transformer import model
    >>> exchange(model("DeepSeek-R1"), fabric("H800 SXM5 80GB", "400 GbE"), 1, 64)
    (0.0, 0.0)
    """
    begun = start_up() if devices > 1 else 0.0
    tokens = at_least(tokens, "tokens", 0)
    return tuple(on_the_wire(fabric, devices, tokens * each) + begun for each in token_bytes(model))


def all_reduce(fabric: Fabric, devices: int, message):
    """Best time of an all-reduce: sums inside the nodes, one share per device between them, spread inside again.

    Args:
        message: bytes that each device contributes, number or array.

    >>> ib = fabric("H800 SXM5 80GB", "InfiniBand NDR (4x port)")
    >>> all_reduce(ib, 8, 1e6) == ib.of(8).all_reduce(1e6)
    True
    """
    near = min(fabric.node, int(at_least(devices, "devices", 1)))
    nodes, message = devices / near, at_least(message, "message", 0)
    taken = 0.0 * message
    for link, count, share in ((fabric.inside, near, message), (fabric.between, nodes, message / near)):
        if count > 1:
            crossing = 2 * (count - 1) / count * share
            taken = taken + crossing / bus_bandwidth(link, count) + all_reduce_latency(link, count)
    return plain(taken)


def working(model: Model, fabric: Fabric, read, choices):
    """Seconds in which one device reads so many experts of a layer and multiplies so many choices by them.

    With the shares of bandwidth and of FLOP/s that published measurements show; the longer of the two counts.
    """
    one, storage = fabric.of(1), weight_storage(None, model)
    slow = {
        phase: efficiency.slowness(efficiency.constants(one, storage.family, phase)[0])
        for phase in ("decode", "prefill")
    }
    reading = np.asarray(read) * model.expert_weights * storage.bits / 8 / one.memory_bandwidth
    computing = (
        np.asarray(choices) * 2.0 * model.expert_weights / one.flops(storage.multiplied, integers=False)
    )
    return np.maximum(reading * slow["decode"]["experts"], computing * slow["prefill"]["expert_linear"])


@dataclass(frozen=True)
class ExpertLayerTime:
    """One layer's routed experts in one step.

    parts: seconds by name: "work" of the mean device, "waiting" for the busiest, "dispatch", "combine". asked: tokens
    that want each copy of an expert, over the mean, most first; got: the same of each device, after the capacity.
    dropped: share of all choices; empty: share of the capacity.
    """

    parts: dict[str, float]
    asked: np.ndarray
    got: np.ndarray
    dropped: float
    empty: float

    @property
    def straggler(self) -> float:
        """How many times the tokens of the mean device the busiest gets."""
        return float(self.got[0])

    @property
    def seconds(self) -> float:
        return sum(self.parts.values())


@lru_cache(maxsize=128)
def layer(
    model: Model,
    fabric: Fabric,
    devices: int,
    tokens: int,
    zipf_exponent: float = 0.0,
    factor: float = np.inf,
    spare: bool = False,
) -> ExpertLayerTime:
    """Expert parallelism: every device keeps its own tokens and some whole experts.

    Args:
        model, fabric, devices: whose layer, and where its experts lie.
        tokens: of each device.
        zipf_exponent: see `routing.popularity`.
        factor: see `expert_load.admitted`.
        spare: see `expert_load.placement`.

    >>> from freeweights.models.transformer import model
    >>> even = layer(model("DeepSeek-R1"), fabric("H800 SXM5 80GB", "400 GbE"), 32, 64)
    >>> even.dropped, 1 <= even.straggler < 1.3
    (0.0, True)
    """
    layout = model.experts, model.experts_per_token
    held, copies = placement(*layout, devices, zipf_exponent, spare)
    drawn = expert_loads(*layout, tokens * devices, zipf_exponent)
    kept, dropped, empty = apply_capacity(drawn, model.experts_per_token, tokens * devices, factor)
    got, read = on_devices(kept, held, copies)
    own = working(model, fabric, read.sum(axis=2), got.sum(axis=2))
    there, back = exchange(model, fabric, devices, tokens * (1 - dropped))
    moving = there + back - sum(exchange(model, fabric, devices, 0))
    over = got.sum(axis=2) / got.sum(axis=2).mean()
    # Whoever gets more than the mean also receives and sends back more.
    latest = (own + moving * np.maximum(over, 1)).max(axis=1).mean()
    waiting = float(latest - own.mean()) - moving
    parts = {"work": float(own.mean()), "waiting": waiting, "dispatch": there, "combine": back}
    asked = on_devices(drawn, held, copies)[0].reshape(TRIALS, -1)
    return ExpertLayerTime(parts, most_first(asked), most_first(over), dropped, empty)


def tensor_parallel(
    model: Model, fabric: Fabric, group: int, tokens, zipf_exponent: float = 0.0
) -> dict[str, float]:
    """Tensor parallelism: each device of a group has a slice of every expert; afterwards all sum up.

    Args:
        group: devices that share the experts and each other's tokens.
        tokens, zipf_exponent: as in `layer`.

    Returns:
        seconds by name, "work" and "all-reduce". Nobody waits: all slices are alike.
    """
    together = at_least(tokens, "tokens", 1) * group
    read = expected_distinct_experts_given(
        selection_probabilities(model.experts, model.experts_per_token, zipf_exponent), together
    )
    own = working(model, fabric, read / group, together * model.experts_per_token / group)
    message = together * model.hidden_size * ACTIVATION_BYTES
    return {"work": plain(own), "all-reduce": all_reduce(fabric, group, message)}


def step_seconds(
    model: Model, fabric: Fabric, devices: int, tokens, context: float, split: str = "experts"
) -> float:
    """A whole decode step with uniform routing: the library's estimate, with the messages counted as here.

    Args:
        tokens: sequences of each device; context: tokens that each holds.
        split: "experts" for expert parallelism, "tensor" for all matrices cut over all devices.

    Raises:
        DoesNotFit: the devices cannot hold model and caches.
    """
    if split not in ("experts", "tensor"):
        raise ValueError(
            f"split is {split!r}: choose 'experts' or 'tensor'; only their messages are counted here."
        )
    batch = tokens * devices
    parts = inference.decode(model, fabric.of(devices, split), context=context, batch=batch).parts
    talking = model.moe_layers * sum(exchange(model, fabric, devices, tokens))
    if split == "tensor":
        talking = 2 * model.layers * all_reduce(fabric, devices, batch * model.hidden_size * ACTIVATION_BYTES)
    return sum(parts.values()) - parts["communication"] + talking
