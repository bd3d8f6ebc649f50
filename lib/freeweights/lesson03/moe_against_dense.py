"""DeepSeek-R1 against Llama 3.1 405B: FLOPs, bytes, seconds, memory and money of one step, and what was published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from ..cost import energy, inference, memory, step_work, weight_storage
from ..cost.estimate import Estimate
from ..cost.reference_cases import CLUSTER
from ..evidence import published
from ..facts import quantities as q
from ..facts.arrays import plain
from ..facts.vocabulary import Split
from ..machines.machine import Machine
from ..models.transformer import Model
from ..money.hourly_rate import PAID, dollars_per_million

MIXTURE, DENSE = "DeepSeek-R1", "Llama 3.1 405B"
TWINS = (MIXTURE, "DeepSeek-V3")  # of one architecture, so that a speed of one is a speed of the other
WEIGHTS, CONTEXT = "FP8", 4096
# Its devices share whole matrices in slices, which is fastest for few users; `fullest` chooses.
NODE = CLUSTER[:2]
ALIKE = 0.1  # relative difference of bits per weight up to which two formats are of one width


def both(grouped: bool = False) -> tuple[Model, Model]:
    """The mixture and the dense model.

    Args:
        grouped: whether the mixture has `grouped_body` in place of its own; so in every ratio below.

    >>> [one.is_moe for one in both()]
    [True, False]
    """
    return grouped_body() if grouped else Model.named(MIXTURE), Model.named(DENSE)


def grouped_body() -> Model:
    """The mixture with the dense model's heads of keys and values in place of latents: what is left is the experts' doing.

    >>> grouped_body().cache_bytes(1) > Model.named(MIXTURE).cache_bytes(1)
    True
    """
    mixture, dense = (model.architecture for model in both())
    return Model(
        replace(
            mixture,
            name="R1, grouped",
            mixers=f"full:{mixture.layers}",
            head_dim=dense.head_dim,
            kv_heads=dense.kv_heads,
        )
    )


def bytes_read(model: Model, context, batch, weights=WEIGHTS, agreement=None):
    """Bytes that one decode step reads: the weights that its tokens touch, and every sequence's cache.

    Args:
        model: the model.
        context, batch: tokens of each sequence, and sequences; numbers or arrays.
        weights: format or bits per weight.
        agreement: how much tokens agree on their experts, from 0 to 1; what fits published batches if None.

    >>> from freeweights.models.transformer import model
    >>> llama = model("Llama 3.1 405B")
    >>> bytes_read(llama, 4096, 2) - bytes_read(llama, 4096, 1) == llama.cache_read_bytes(4096)
    True
    """
    read = step_work.step_bytes(model, context=context, weights=weights, batch=batch, agreement=agreement)
    return plain(sum(read))


def flops_ratio(context=CONTEXT, grouped: bool = False) -> float:
    """FLOPs of one token of the mixture over those of the dense model, the same at every batch.

    >>> flops_ratio(0) < flops_ratio(16_384)
    True
    """
    mixture, dense = (one.flops_per_token(context) for one in both(grouped))
    return mixture / dense


def bytes_ratio(context=CONTEXT, batch=1, weights=WEIGHTS, agreement=None, grouped: bool = False):
    """Bytes that a step of the mixture reads over those of the dense model, number or array.

    >>> bytes_ratio(512, batch=1) < 0.1 < 1 < bytes_ratio(512, batch=512)
    True
    """
    mixture, dense = (bytes_read(one, context, batch, weights, agreement) for one in both(grouped))
    return mixture / dense


def memory_ratio(weights=WEIGHTS) -> float:
    """Bytes of all weights of the mixture over those of the dense model.

    >>> memory_ratio() > 1
    True
    """
    mixture, dense = (weight_storage.weight_storage(weights, one).held for one in both())
    return plain(mixture / dense)


def time_ratio(
    machine: Machine, context=CONTEXT, batch=1, weights=WEIGHTS, agreement=None, grouped: bool = False
) -> np.ma.MaskedArray:
    """Expected seconds of a step of the mixture over those of the dense model, masked where either does not fit.

    >>> from freeweights.machines.machine import machine
    >>> fast, none = (time_ratio(machine("H200 SXM 141GB", count)) for count in (8, 4))
    >>> bool(fast < 1), bool(np.ma.is_masked(none))
    (True, True)
    """
    case = {"context": context, "batch": np.atleast_1d(batch), "weights": weights, "agreement": agreement}
    steps = [inference.decode(one, machine, **case) for one in both(grouped)]
    mixture, dense = (np.ma.asarray(step.seconds) for step in steps)
    ratio = mixture / dense
    return ratio if np.ndim(batch) else ratio[0]


@dataclass(frozen=True)
class ServedStep:
    """One model serving `users` at once on a machine: its step, or what keeps it from having one."""

    model: Model
    machine: Machine
    users: int
    step: Estimate

    @property
    def fits(self) -> bool:
        return bool(self.step.fits)

    @property
    def dollars(self) -> float:
        """US dollars for a million tokens of a bought machine, the machine alone."""
        return dollars_per_million(self.machine, self.step.tokens_per_second, PAID[0])

    @property
    def tokens_per_joule(self) -> float:
        """Tokens for each joule, if the devices draw their specified power throughout."""
        return 1 / energy.joules(self.machine, self.step)

    @property
    def tokens_per_dollar(self) -> float:
        return 1e6 / self.dollars


def serving(
    model: Model, machine: Machine, users: int, weights=WEIGHTS, context=CONTEXT, agreement=None
) -> ServedStep:
    """What one model does on one machine for so many users.

    Args:
        model: the model.
        machine: the machine.
        users: sequences in the step.
        weights: format or bits per weight; the released format if None.
        context: tokens that each sequence holds.
        agreement: as in `bytes_read`.

    >>> from freeweights.machines.machine import machine
    >>> lean = serving(Model.named("gpt-oss-120b"), machine("H200 SXM 141GB"), 32, weights=None)
    >>> lean.tokens_per_joule > serving(Model.named(DENSE), machine("H200 SXM 141GB", 8), 32).tokens_per_joule
    True
    """
    case = {"context": context, "batch": users, "weights": weights, "agreement": agreement}
    return ServedStep(model, machine, users, inference.decode(model, machine, **case))


def fullest(model: Model, machine: Machine, weights=WEIGHTS, context=CONTEXT) -> ServedStep | None:
    """The same with every slot taken, the devices sharing the model in the way that costs least for a token.

    Whole layers cut in slices copy latents to every device; experts apart copy what stands beside them. None where not
    even one sequence fits in either way.

    >>> from freeweights.machines.machine import machine
    >>> mixture, dense = (fullest(one, machine("H200 SXM 141GB", 8)) for one in both())
    >>> mixture.users > dense.users
    True
    """
    case = {"weights": weights, "context": context}
    ways = [replace(machine, split=split) for split in (Split.TENSOR, Split.EXPERTS)]
    full = [
        serving(model, way, int(memory.max_sequences(model, way, **case).expected), **case)
        for way in ways
        if memory.fits(model, way, **case).fits
    ]
    return min(full, key=lambda one: one.dollars, default=None)


def table_rows(machine: Machine, batches, weights=WEIGHTS, context=CONTEXT) -> list[dict[str, str]]:
    """The mixture over the dense model batch by batch, and the dollars for a million tokens of each, in words.

    >>> from freeweights.machines.machine import machine
    >>> table_rows(machine("H200 SXM 141GB", 8), [1])[0]["time"]
    '0.41'
    """
    found = []
    for users in batches:
        pair = [serving(one, machine, int(users), weights, context) for one in both()]
        mixture, dense = (q.money(one.dollars, 2) if one.fits else "does not fit" for one in pair)
        ratios = {
            "flops": flops_ratio(context),
            "bytes": bytes_ratio(context, users, weights),
            "formula": bytes_ratio(context, users, weights, agreement=0),
        }
        if all(one.fits for one in pair):
            ratios["time"] = pair[0].step.seconds / pair[1].step.seconds
        said = {name: q.significant(ratio, 2) for name, ratio in ratios.items()}
        found.append({"users": f"{users}", "time": "no pair"} | said | {"mixture": mixture, "dense": dense})
    return found


@dataclass(frozen=True)
class PublishedRatio:
    """A published step of the mixture over one of the dense model at the same batch.

    measured: whether the dense model's step is published too; else it is the expected one of the same case.
    """

    batch: float
    context: float
    ratio: float
    measured: bool


@cache
def published_ratios(machine: Machine, weights=WEIGHTS) -> tuple[PublishedRatio, ...]:
    """Published steps of the mixture over the dense model's, by batch.

    A published step of the dense model lies on the line, in logarithms, through its published batches.

    Args:
        machine: the machine; only rows of as many of the same device count.
        weights: a format, or words such as "4.5 bits"; only rows of about that width count.

    >>> from freeweights.machines.machine import machine
    >>> {point.measured for point in published_ratios(machine("Instinct MI300X", 8))}
    {True}
    """
    pairs = sorted(of_width(DENSE, machine, weights), key=lambda pair: pair.tokens)
    batches = np.unique([pair.tokens for pair in pairs])
    steps = [np.median([pair.seconds for pair in pairs if pair.tokens == batch]) for batch in batches]
    points = []
    for pair in (pair for name in TWINS for pair in of_width(name, machine, weights)):
        measured = batches.size > 0 and batches[0] <= pair.tokens <= batches[-1]
        if measured:
            dense = np.exp(np.interp(np.log(pair.tokens), np.log(batches), np.log(steps)))
        else:
            dense = expected_dense(pair, weights)
        points.append(
            PublishedRatio(
                pair.tokens, published.mean_context(pair.row), float(pair.seconds / dense), bool(measured)
            )
        )
    return tuple(sorted(points, key=lambda point: point.batch))


def of_width(name: str, machine: Machine, weights) -> list[published.Comparison]:
    """Published decode steps of one model on as many of the same device, at weights of about the same width."""
    model = Model.named(name)
    wanted = weight_storage.weight_storage(weights, model).bits
    pairs = published.comparisons(name, machine.device.name, phase="decode", devices=machine.count)
    bits = [weight_storage.weight_storage(published.bits_of(pair.row, model), model).bits for pair in pairs]
    return [pair for pair, stored in zip(pairs, bits) if abs(stored / wanted - 1) <= ALIKE]


def expected_dense(pair: published.Comparison, weights) -> float:
    """Seconds that the dense model's step is expected to take in the case of a published one of the mixture."""
    dense, row = Model.named(DENSE), pair.row
    machine, context = published.machine_of(row), published.mean_context(row)
    step = inference.decode(dense, machine, context=context, batch=pair.tokens, weights=weights)
    return step.seconds + published.between(row, dense, machine, weights, float(step.seconds))
