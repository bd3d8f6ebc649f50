"""Published measurements beside what the library predicts for the same case."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import sqrt

from ..cost import inference
from ..cost.estimate import Estimate
from ..cost.weight_storage import weight_storage
from ..facts import catalog, figures
from ..facts import quantities as q
from ..facts.records_hardware import WeightFormat
from ..facts.records_measured import Measurement
from ..machines.machine import Machine
from ..models.transformer import Model

# A file within this share of what the rules of its format give is that file.
SAME_FILE = 0.02


@dataclass(frozen=True)
class Comparison:
    """One published row, the seconds it reports, and the prediction; between: seconds of other users' prompts per step."""

    row: Measurement
    seconds: float
    tokens: float
    estimate: Estimate
    between: float

    @property
    def expected(self) -> float:
        """Seconds expected, with the reading of other users' prompts between the steps."""
        return self.estimate.expected + self.between

    @property
    def measured(self) -> float:
        """Tokens per second of all sequences together, as published."""
        return self.tokens / self.seconds

    @property
    def predicted(self) -> float:
        """Tokens per second of all sequences together, as expected."""
        return self.tokens / self.expected

    @property
    def factor(self) -> float:
        """How far apart the two are: the larger over the smaller, 1 where they agree."""
        return max(self.seconds / self.expected, self.expected / self.seconds)


def tokens_of(row: Measurement) -> float | None:
    """Tokens that one step of a row handles: the prompt of every sequence, or one new token for each."""
    if not row.batch.isdigit() or (row.phase == "prefill" and not row.prompt):
        return None
    return float(row.batch) * (row.prompt if row.phase == "prefill" else 1)


def step_seconds(row: Measurement) -> float | None:
    """Seconds of one decode step or one prefill that a row reports; None where its unit mixes other things in."""
    tokens = tokens_of(row)
    if tokens is None:
        return None
    if row.reports == "speed":
        return tokens / row.value
    return row.value / 1000 if row.reports else None


def bits_of(row: Measurement, model: Model):
    """How a row's weights are stored: the name of their format, or bits of each where its file has another size.

    None if neither format nor size is known.
    """
    known = any(row.weights == one.name for one in catalog.table(WeightFormat))
    if not row.weights_bytes:
        return row.weights if known else None
    engines = (None, catalog.engine("llama.cpp")) if known else ()
    files = [weight_storage(row.weights, model, engine).file for engine in engines]
    as_named = any(abs(size / row.weights_bytes - 1) <= SAME_FILE for size in files)
    return row.weights if as_named else 8 * row.weights_bytes / model.parameters


def machine_of(row: Measurement) -> Machine:
    """The machine that a row ran on."""
    return Machine.named(row.device, row.devices, row.link, row.split, row.engine)


def mean_context(row: Measurement) -> float:
    """Tokens in the cache in the middle of a row's answer; 0 where the row does not say."""
    return (row.context or row.prompt or 0) + (row.output or 0) / 2


def serves(row: Measurement) -> bool:
    """Whether other users' prompts are read between the tokens of a row's answers, as a serving engine does."""
    return row.reports == "serving step" and float(row.batch) > 1 and bool(row.prompt and row.output)


def added(others: float, own: float, step: float) -> float:
    """Seconds that other users' prompts add to each step of an answer.

    A user reads, then writes: `own` seconds of reading for each of its steps, and in the same cycle the `others`' prompts
    are read once. Those that are read while it waits for its own first token lengthen none of its steps, so that a
    share x / (x + own) of them counts, of steps that take x = step + others x / (x + own) in the end.

    >>> round(added(others=3.0, own=1.0, step=2.0), 3), added(others=0.0, own=1.0, step=2.0)
    (2.449, 0.0)
    """
    late = step + others - own
    return (late + sqrt(late**2 + 4 * step * own)) / 2 - step


def between(row: Measurement, model: Model, machine: Machine, bits, step: float) -> float:
    """Seconds of reading per `step` where each of a batch's sequences ends after `output` tokens and another one comes."""
    if not (serves(row) and machine.computes):
        return 0.0
    one = inference.prefill(model, machine, prompt=row.prompt, batch=1, weights=bits)
    own = float(one.unmasked().expected) / row.output
    return added((float(row.batch) - 1) * own, own, step)


def compare(row: Measurement) -> Comparison | None:
    """Predict what a row measured; None where it does not say enough, or ran with less memory than an engine leaves."""
    seconds = step_seconds(row)
    if seconds is None or not (row.model and row.device):
        return None
    model, machine = Model.named(row.model), machine_of(row)
    bits, batch = bits_of(row, model), float(row.batch)
    if bits is None or (row.phase == "prefill" and not machine.computes):
        return None
    if row.phase == "decode":
        estimate = inference.decode(model, machine, context=mean_context(row), batch=batch, weights=bits)
        reading = between(row, model, machine, bits, float(estimate.unmasked().expected))
    else:
        estimate, reading = (
            inference.prefill(model, machine, prompt=row.prompt, batch=batch, weights=bits),
            0.0,
        )
    return Comparison(row, seconds, tokens_of(row), estimate, reading) if estimate.fits else None


@cache
def comparisons(model: str, device: str, **wanted) -> tuple[Comparison, ...]:
    """Every usable published row of one model on one kind of device, beside its prediction.

    Args:
        model, device: names of the catalogue.
        wanted: further field=value pairs of `Measurement`, such as phase="decode" or devices=8.

    >>> all(pair.seconds >= pair.estimate.lower_bound for pair in comparisons("GLM-5.2", "Apple M3 Ultra 512GB"))
    True
    """
    rows = figures.measurements(model=model, device=device, usable=True, **wanted)
    return tuple(pair for pair in map(compare, rows) if pair is not None)


def table_rows(pairs) -> list[dict[str, str]]:
    """Comparisons as rows of a table: the case, what was measured, expected and possible in tokens/s, and the error."""
    return [
        {
            "case": f"{pair.row.model}, {pair.estimate.fit.machine}, {pair.row.phase}, batch {pair.row.batch}, "
            f"{pair.row.prompt or pair.row.context or 'unstated'} tokens",
            "measured": q.significant(pair.measured),
            "predicted": q.significant(pair.predicted),
            "bound": q.significant(pair.tokens / pair.estimate.lower_bound),
            "factor": f"{pair.factor:.2f}",
        }
        for pair in pairs
    ]
