"""Floor 1. Further rows of data/: loads and energy that others measured, and what calibration made of measurements."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Energy:
    """One published power of a machine at work, and the joules it spent on each token.

    batch: sequences at once. watts: of all devices together, or of the whole computer at the wall: `what_is_measured`
    says which. joules_per_token: per output token of all sequences; watts over tokens_per_second.
    """

    id: str
    model: str
    weights: str
    device: str
    devices: int
    engine: str
    phase: str
    batch: int
    watts: float
    tokens_per_second: float
    joules_per_token: float
    what_is_measured: str
    source: str
    note: str


@dataclass(frozen=True)
class Load:
    """One published time to bring a checkpoint from a drive into memory, nothing cached. Time in seconds.

    kind: "streaming" where the loader reads with many threads at once, "plain" where it opens file after file.
    bytes, drive: size of the checkpoint, and bytes per second that the drive is stated to give; both or none. Rows
    with the same `model` and `machine` used the same drive with different loaders.
    """

    id: str
    model: str
    machine: str
    loader: str
    kind: str
    bytes: float | None
    drive: float | None
    seconds: float
    source: str


@dataclass(frozen=True)
class Offload:
    """One published speed of a machine whose host holds what the devices cannot: tokens per second of one sequence.

    host: the computer beside the devices. placement: what the source says lies where.
    """

    id: str
    model: str
    weights: str
    weights_bytes: float | None
    device: str
    devices: int
    host: str
    engine: str
    phase: str
    batch: int
    prompt: int | None
    context: int | None
    output: int | None
    tokens_per_second: float
    placement: str
    source: str


@dataclass(frozen=True)
class Collective:
    """One published time of devices exchanging messages.

    link: the slowest that the bytes cross. message_bytes: what each device sends in all, its own part included.
    """

    id: str
    operation: str
    link: str
    devices: int
    nodes: int
    message_bytes: float
    seconds: float
    algorithm: str
    source: str
    note: str


@dataclass(frozen=True)
class Streaming:
    """One published run or trace of a model whose routed experts lie on a drive, some of them in a cache; one sequence.

    bits: per weight of the experts. machine: as published; device: the row of devices.csv that shares its bandwidth.
    drive, drive_rate: its class in links.csv; bytes per second measured there in reads as large as an expert.
    cached_share: of all routed experts. hit_rate: of all uses of an expert. read_per_token: bytes from the drive.
    kept: "recent" where the last used stay, "hottest" where a list made beforehand does, "both", "" if not stated.
    """

    id: str
    model: str
    bits: float | None
    machine: str
    device: str
    drive: str
    drive_rate: float | None
    cached_share: float | None
    hit_rate: float | None
    read_per_token: float | None
    tokens_per_second: float | None
    kept: str
    source: str
    note: str


@dataclass(frozen=True)
class StoredCache:
    """Bytes that somebody published of the caches of `sequences` contexts of so many tokens in one runtime.

    stored: what it keeps, a way of `runtime_cache.WAYS`. kind: "estimate", "measured", or "log" of the engine.
    """

    id: str
    model: str
    stored: str
    tokens: int
    sequences: int
    bytes: int
    runtime: str
    kind: str
    source: str
    note: str


@dataclass(frozen=True)
class Distilled:
    """One published figure about a teacher, a student, or what either was compared with: a score, a size, a bill.

    subject: the row of models.csv where there is one, otherwise as published.
    """

    id: str
    subject: str
    quantity: str
    value: float
    unit: str
    source: str
    note: str


@dataclass(frozen=True)
class DistillationRun:
    """One published student of the study of scaling, losses in nats for each token of held-out text.

    parameters, tokens: of the student, without embeddings, and of the text it was distilled on. teacher_loss: all that the
    study's law knows of the teacher.
    """

    id: str
    parameters: int
    tokens: int
    teacher_loss: float
    student_loss: float
    source: str


@dataclass(frozen=True)
class ServingFigure:
    """One published figure of what serving costs or earns, with the range that a learner may move it in, if any.

    date: year, month or day for which it holds. low, high: in the unit of the value; both or none.
    """

    id: str
    subject: str
    quantity: str
    value: float
    low: float | None
    high: float | None
    unit: str
    date: str
    source: str
    note: str


@dataclass(frozen=True)
class HostPrice:
    """What one host asked for one open model on one day, in US dollars for a million tokens of each kind.

    kind: "lab" for who trained the model, "host" for anybody else. cached: None where no such price is listed.
    """

    id: str
    model: str
    host: str
    kind: str
    input: float
    cached: float | None
    output: float
    date: str
    source: str


@dataclass(frozen=True)
class Calibration:
    """What published measurements show for one class of device under one engine or kind of engine, in one phase.

    weights, experts, cache, scores: fraction of the specified bandwidth that reading them reaches (for loads: of the
    drive's rate). linear, blocks, expert_linear, attention: fraction of the specified FLOP/s, for weights multiplied
    at their own width, for weights unpacked from blocks of integers, for routed experts, and for scores and values.
    layer, expert_layer: seconds per layer, and per layer with experts besides, that no byte and no FLOP explains.
    skew: how much the tokens of a batch agree on their experts; filled: share of the gain from keeping all stages of a
    layer split busy. fast, slow: 10th and 90th percentile of measured over
    predicted, each row predicted without its source. rows: how many measurements stand behind.
    """

    device_class: str
    engine: str
    phase: str
    weights: float | None
    experts: float | None
    cache: float | None
    linear: float | None
    blocks: float | None
    expert_linear: float | None
    attention: float | None
    scores: float | None
    layer: float | None
    expert_layer: float | None
    skew: float | None
    filled: float | None
    fast: float
    slow: float
    rows: int
    sources: str


@dataclass(frozen=True)
class HeldOut:
    """What a row of measurements.csv or loads.csv took, and what constants fitted without its source predict. Seconds.

    group: the kind of case, one of "dense decode on one device", "experts or several devices", "prefill", "load".
    """

    id: str
    group: str
    seconds: float
    predicted: float
