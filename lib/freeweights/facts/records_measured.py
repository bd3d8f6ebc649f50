"""Rows of data/ that somebody measured: speeds, loads, energy, exchanges, caches, students."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Measurement:
    """One speed or time that somebody published.

    `model`, `device`, `engine` and `link` are names of this catalogue, or empty where it has no such row; `value` is in
    `unit`, and is a speed, the time of a step, or mixes other things in: `reports`.
    """

    table: ClassVar[str] = "measurements.csv"
    id: str
    model: str
    model_as_published: str
    weights: str
    weights_bytes: float | None
    device: str
    device_as_published: str
    devices: int
    engine: str
    engine_as_published: str
    split: str
    link: str
    phase: str
    batch: str
    prompt: int | None
    context: int | None
    output: int | None
    value: float
    unit: str
    reports: str
    usable: bool
    grade: str
    source: str
    remark: str


@dataclass(frozen=True)
class Recorded:
    """A figure of lesson 01 measured once elsewhere, to go on with where the weights cannot be fetched."""

    quantity: str
    value: float
    unit: str
    machine: str
    date: str


@dataclass(frozen=True)
class Energy:
    """One published power of a machine at work, and the joules it spent on each token.

    batch: sequences at once. watts: of all devices together, or of the whole computer at the wall: `what_is_measured`
    says which. joules_per_token: per output token of all sequences; watts over tokens_per_second.
    """

    table: ClassVar[str] = "energy.csv"
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
    at_the_wall: bool
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

    table: ClassVar[str] = "loads.csv"
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

    cpu_host: the computer beside the devices. placement: what the source says lies where.
    """

    table: ClassVar[str] = "offload.csv"
    id: str
    model: str
    weights: str
    weights_bytes: float | None
    device: str
    devices: int
    cpu_host: str
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

    table: ClassVar[str] = "collectives.csv"
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

    table: ClassVar[str] = "streaming.csv"
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

    layout: what it keeps, one of `vocabulary.Layout`. kind: "estimate", "measured", or "log" of the engine.
    """

    table: ClassVar[str] = "caches.csv"
    id: str
    model: str
    layout: str
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

    table: ClassVar[str] = "distillation.csv"
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

    table: ClassVar[str] = "distillation_runs.csv"
    id: str
    parameters: int
    tokens: int
    teacher_loss: float
    student_loss: float
    source: str
