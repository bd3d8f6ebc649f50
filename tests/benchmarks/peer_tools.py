"""Two published predictors, llm-analysis and genz-llm, asked the same as this library, by their public
calls.

Both get the catalogue's own numbers and the same case: bits per weight of the very file, a cache and
activations of 16 bits, the rate at which the device multiplies that format, the middle of the answer as
context. Efficiencies stay at each tool's default, which is 1 in both. Each is helped where its plain
settings would serve it worse:

- llm-analysis knows two matrices in a feed-forward layer, so a gated one is given 1.5 times as wide. Its
  `inference` also checks that a prompt's logits fit in memory, so the context is given as answer, not as
  prompt. That it counts the FLOPs of every feed-forward layer as if it were four times the hidden size wide,
  and the bytes of all experts in every step, is its own answer and stays.
- genz-llm multiplies, caches and stores at one width (`bits`), so a 4-bit file would mean a 4-bit cache and
  4-bit arithmetic. It accepts a `System` of the caller's; the one here stores weights at their own width
  and the rest at 16 bits. Four beams are its default; one is asked for. That a decode step reads
  one token's experts whatever the batch is its own answer and stays.

A case that a tool has no words for is left out with the reason: attention that is neither full nor inside
its window, shared experts, dense layers before the experts, and in llm-analysis heads that do not add up to
the hidden size.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import GenZ
from freeweights.facts import catalog
from freeweights.facts.records_hardware import Device, Link, WeightFormat
from freeweights.facts.records_measured import Measurement
from freeweights.facts.records_models import Architecture
from freeweights.machines.machine import machine
from freeweights.models.transformer import model
from llm_analysis.analysis import LLMAnalysis
from llm_analysis.config import DtypeConfig, GPUConfig, ModelConfig, ParallelismConfig
from llm_analysis.logger import logger

logger.setLevel("ERROR")

# What each tool assumes where nobody publishes a link's latency: 8 microseconds in the GPU files of
# llm-analysis, 1 by default in genz-llm.
LATENCY = {"llm-analysis": 8e-6, "genz-llm": 1e-6}
# Both tools count memory in binary units, genz-llm rates of memory and links as well.
GIBI, MEBI = 2**30, 2**20


class NotExpressible(ValueError):
    """A tool has no words for a case; the message says which words are missing."""


@dataclass(frozen=True)
class Case:
    """One measured step in words that both tools have. `tokens`: of each prompt, or of the context."""

    phase: str
    architecture: Architecture
    device: Device
    devices: int
    link: Link | None
    bits: float
    multiplied_bits: int
    tokens: int
    batch: int

    @property
    def flops(self) -> float:
        """FLOP/s of one device at the width that is multiplied."""
        device = self.device
        wide = device.flops_fp16 or device.flops_fp32
        return wide if self.multiplied_bits == 16 else device.flops_fp8 or device.flops_int8 or wide

    @property
    def link_bandwidth(self) -> float:
        return self.link.bandwidth if self.link else self.device.memory_bandwidth

    def latency(self, tool: str) -> float:
        return (self.link and self.link.latency) or LATENCY[tool]


def widths(row: Measurement) -> tuple[float, int]:
    """Bits that a row's weights take, and bits at which they are multiplied: 16, but 8 for FP8."""
    known = {found.name: found for found in catalog.table(WeightFormat)}
    named = known.get(row.weights)
    if row.weights_bytes:
        bits = 8 * row.weights_bytes / model(row.model).parameters
    elif named:
        bits = named.bits
    else:
        raise NotExpressible("bits per weight not published")
    if bits > 17:
        raise NotExpressible("weights of 32 bits")
    narrow = named is not None and named.family == "float" and round(named.bits) == 8
    return (8.0, 8) if narrow else (min(bits, 16.0), 16)


def check(row: Measurement) -> None:
    """Refuse a row that lacks what every predictor needs, this library too.

    Raises:
        NotExpressible: with what is missing.
    """
    if not (row.model and row.device):
        raise NotExpressible("model or device not in the catalogue")
    if row.split == "pipeline" or "layer pipeline" in row.remark:
        raise NotExpressible("devices take turns")
    widths(row)


def case_of(row: Measurement) -> Case:
    """A published row as a case.

    Raises:
        NotExpressible: the row lacks what all need, or its model has what neither peer has words for.
    """
    check(row)
    architecture, where = catalog.architecture(row.model), machine(row.device, row.devices)
    if not where.device.flops_fp16 and not where.device.flops_fp32:
        raise NotExpressible("no compute rate published")
    answered = (row.context or row.prompt or 0) + (row.output or 0) / 2
    tokens = max(1, round(answered if row.phase == "decode" else row.prompt))
    for mixer in architecture.mixers.split():
        kind = mixer.partition(":")[0]
        if kind != "full" and not (kind in ("window", "chunked") and tokens <= architecture.window):
            raise NotExpressible(f"attention of kind '{kind}'")
    if architecture.shared_expert_size or architecture.dense_layers or architecture.vision_expert_size:
        raise NotExpressible("shared experts, or dense layers before the experts")
    bits, multiplied = widths(row)
    return Case(
        row.phase,
        architecture,
        where.device,
        row.devices,
        where.link,
        bits,
        multiplied,
        tokens,
        int(row.batch),
    )


def ask_llm_analysis(case: Case) -> Callable[[], float]:
    """The call that predicts a case's seconds; only the prediction itself happens when it is called."""
    a = case.architecture
    if a.heads * a.head_dim != a.hidden_size:
        raise NotExpressible("heads that do not add up to the hidden size")
    width = (a.expert_size or a.ffn_size) * (1.5 if a.ffn_gated else 1)
    analysis = LLMAnalysis(
        ModelConfig(
            name=a.name,
            num_layers=a.layers,
            n_head=a.heads,
            hidden_dim=a.hidden_size,
            vocab_size=a.vocabulary,
            max_seq_len=a.max_context,
            num_key_value_heads=a.kv_heads,
            ffn_embed_dim=width,
            expansion_ratio=width / a.hidden_size,
            moe_num_experts=a.experts or 1,
            moe_top_k=a.experts_per_token or 1,
        ),
        GPUConfig(
            name=case.device.name,
            mem_per_GPU_in_GB=case.device.memory / GIBI,
            hbm_bandwidth_in_GB_per_sec=case.device.memory_bandwidth / 1e9,
            intra_node_bandwidth_in_GB_per_sec=case.link_bandwidth / 1e9,
            intra_node_min_message_latency=case.latency("llm-analysis"),
            peak_fp16_TFLOPS=case.flops / 1e12,
            peak_i8_TFLOPS=case.flops / 1e12,
        ),
        DtypeConfig("as published", case.bits, case.multiplied_bits, case.bits),
        ParallelismConfig(tp_size=case.devices),
    )
    prompt, answer = (1, case.tokens) if case.phase == "decode" else (case.tokens, 1)
    return lambda: float(
        analysis.inference(case.batch, prompt, answer, kv_cache_dtype_bytes=2)[f"{case.phase}_latency"]
    )


class OwnWidth(GenZ.System):
    """genz-llm's machine, with weights of any width; the rate it is given is that of the width multiplied."""

    def __init__(self, weight_bits: float, **settings):
        super().__init__(**settings)
        self.weight_bytes = weight_bits / 8

    def get_bit_multiplier(self, type="C", data="w", operators=None):
        if type == "C":
            return 1
        return self.weight_bytes if data == "w" else 2


def ask_genz(case: Case) -> Callable[[], float]:
    """The call that predicts a case's seconds; only the prediction itself happens when it is called."""
    a = case.architecture
    described = GenZ.ModelConfig(
        model=a.name,
        vocab_size=a.vocabulary,
        max_model_len=a.max_context,
        hidden_size=a.hidden_size,
        intermediate_size=a.expert_size or a.ffn_size,
        num_ffi=2 if a.ffn_gated else 1,
        num_decoder_layers=a.layers,
        num_attention_heads=a.heads,
        head_dim=a.head_dim,
        num_key_value_heads=a.kv_heads,
        num_experts=a.experts or 1,
        expert_top_k=a.experts_per_token or 1,
    )
    where = OwnWidth(
        case.bits,
        flops=case.flops / 1e12,
        off_chip_mem_size=case.device.memory / MEBI,
        offchip_mem_bw=case.device.memory_bandwidth / GIBI,
        interchip_link_bw=case.link_bandwidth / GIBI,
        interchip_link_latency=case.latency("genz-llm") * 1e6,
    )
    asked = {
        "model": described,
        "batch_size": case.batch,
        "input_tokens": case.tokens,
        "system_name": where,
        "tensor_parallel": case.devices,
    }
    if case.phase == "decode":
        return lambda: float(GenZ.decode_moddeling(**asked, Bb=1)["Latency"]) / 1e3
    return lambda: float(GenZ.prefill_moddeling(**asked)["Latency"]) / 1e3
