"""Published measurements beside what the library predicts for the same case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ..cost import inference
from ..cost.estimate import Estimate
from ..cost.weight_storage import weight_storage
from ..facts import catalog, figures
from ..facts import quantities as q
from ..facts.records_hardware import Engine, Link, WeightFormat
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
    if row.unit == "tok/s":
        return tokens / row.value
    return row.value / 1000 if row.unit.startswith("ms") else None


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


def split_of(row: Measurement) -> str:
    """How a row's devices share the model, from the words its source uses."""
    if "layer split" in row.engine + row.remark:
        return "layers"
    return (
        "experts"
        if re.search(r"\bEP[0-9]+|DP attention", row.engine) and " TP" not in row.engine
        else "tensor"
    )


def engine_of(row: Measurement) -> str | None:
    """The engine of data/engines.csv that a row ran under; None for any other."""
    for engine in catalog.table(Engine):
        names = [engine.name, *filter(None, engine.also_called.split(";"))]
        if any(name.casefold() in row.engine.casefold() for name in names):
            return engine.name
    return None


def link_of(row: Measurement) -> str | None:
    """The link a row names after the word "over"; None for the device's own."""
    names = [link.name for link in catalog.table(Link) if f"over {link.name}" in row.engine]
    return max(names, key=len) if names and row.devices > 1 else None


def machine_of(row: Measurement) -> Machine:
    """The machine that a row ran on."""
    return Machine.named(
        row.device, row.devices, link_of(row), split_of(row) if row.devices > 1 else "tensor", engine_of(row)
    )


def mean_context(row: Measurement) -> float:
    """Tokens in the cache in the middle of a row's answer; 0 where the row does not say."""
    return (row.context or row.prompt or 0) + (row.output or 0) / 2


def serves(row: Measurement) -> bool:
    """Whether other users' prompts are read between the tokens of a row's answers, as a serving engine does."""
    return "TPOT" in row.unit and float(row.batch) > 1 and bool(row.prompt and row.output)


def between(row: Measurement, model: Model, machine: Machine, bits) -> float:
    """Seconds of reading per step where each of a batch's sequences ends after `output` tokens and another one comes.

    In the time of a sequence's `output` steps the prompt of every other one is read once, one after another.
    """
    if not (serves(row) and machine.computes):
        return 0.0
    one = inference.prefill(model, machine, prompt=row.prompt, batch=1, weights=bits)
    return (float(row.batch) - 1) * float(one.unmasked().expected) / row.output


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
        reading = between(row, model, machine, bits)
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

    >>> all(pair.seconds >= pair.estimate.floor for pair in comparisons("GLM-5.2", "Apple M3 Ultra 512GB"))
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
            "bound": q.significant(pair.tokens / pair.estimate.floor),
            "factor": f"{pair.factor:.2f}",
        }
        for pair in pairs
    ]
