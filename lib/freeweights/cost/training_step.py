"""Training: FLOPs of a run and hours for them; one step of a mixture of experts, with what is sent in and between nodes.

Assumptions of the step, the same for every device: between nodes one 400 Gb/s InfiniBand port for each device, and the
batch of DeepSeek-V3 (arXiv:2412.19437, section 4.2: 15,360 sequences of 4,096 tokens on 2,048 GPUs). Left
out, because small beside the rest: bytes of pipelines, and the part of attention that grows with the square
of the length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..facts import catalog
from ..facts.arrays import at_least, plain
from ..facts.quantities import HOUR
from ..machines.machine import Machine
from ..models.transformer import WITHOUT_EMBEDDINGS, Model
from .memory import ACTIVATION_BYTES

FLOPS_PER_WEIGHT = 6  # two forward, four backward, for each token. Source: Kaplan et al. 2020, section 2.1
TOKENS = 15_360 * 4096 / 2048  # of one step, for each GPU
NODES_PER_TOKEN = 4  # at most so many nodes hold a token's experts. Source: arXiv:2412.19437, section 2.1.2
COPY = 128  # GPUs over which one copy of the weights is spread when gradients are added up: our choice
NETWORK = "InfiniBand NDR (4x port)"
PASSES = 3  # of a forward pass's FLOPs: each product forwards brings two backwards
LAYOUTS = {
    "tensor parallel": "the eight devices of a node share every layer",
    "expert parallel": "whole layers, experts spread over the nodes",
}


def training_flops(model: Model, tokens, context: int):
    """FLOPs of training a model on so many tokens, counted from its structure.

    Active weights, the output head at every token, and causal attention over each sequence, forwards and backwards;
    recomputed activations are not counted. Source of the factor: Kaplan et al. 2020, arXiv:2001.08361, section 2.1.

    Args:
        model: with a configuration.
        tokens: trained on; a number or an array.
        context: tokens in one sequence, 1 to the model's maximum.

    Raises:
        ValueError: no tokens, or a context that the model has not.

    >>> from freeweights.models.transformer import model
    >>> llama, tokens = model("Llama 3.1 405B"), 15.6e12
    >>> over = training_flops(llama, tokens, 8192) / (6 * llama.active_parameters * tokens)
    >>> round(over, 3)
    1.042
    """
    tokens, context = at_least(tokens, "tokens", 1), int(at_least(context, "context", 1))
    head = model.active_parameters - model.active(WITHOUT_EMBEDDINGS)
    forwards = model.prefill_flops(context) + 2.0 * head * (context - 1)  # prefill needs the head only once
    return plain(PASSES * forwards / context * tokens)


def gpu_hours(flops: float, gpu: str, utilisation: float) -> float:
    """Hours of one device for so many FLOPs, at a share of its specified 16-bit rate (MFU).

    >>> round(gpu_hours(6 * 8e9 * 15e12, "H100 SXM5 80GB", 0.4))
    505561
    """
    if not np.all((np.asarray(utilisation) > 0) & (np.asarray(utilisation) <= 1)):
        raise ValueError(
            f"utilisation is {utilisation}: a share above 0 and at most 1 is expected; published runs reach 0.2 to 0.55."
        )
    return flops / (utilisation * Machine.named(gpu).flops(16)) / HOUR


@dataclass(frozen=True)
class TrainingStep:
    """Seconds of one step, by what it does; `hidden`: share of the sending done behind the arithmetic."""

    computing: float
    sending: float
    gradients: float
    hidden: float

    @property
    def seconds(self) -> float:
        return (
            self.computing + self.sending - self.hidden * min(self.computing, self.sending) + self.gradients
        )

    @property
    def hours_per_trillion(self) -> float:
        """GPU-hours for a trillion tokens."""
        return 1e12 / TOKENS * self.seconds / HOUR


def tensor_parallel(model: Model, node: Machine) -> float:
    """Seconds of all-reduces when a node shares every layer: two forward and two backward in each.

    The tokens of all devices of the node go through each. Source: Shoeybi et al. 2019, arXiv:1909.08053.
    """
    message = node.count * TOKENS * model.hidden_size * ACTIVATION_BYTES
    return 4 * model.layers * node.all_reduce(message)


def expert_parallel(model: Model, node: Machine) -> float:
    """Seconds of bringing tokens to their experts and back, forward and backward: four times a layer.

    A token crosses the network once for each node that holds one of its experts; inside the node it is passed
    on to each expert. Both run at the same time: the slower counts. Source: arXiv:2412.19437, section 3.2.2.
    """
    each = 4 * model.moe_layers * TOKENS * model.hidden_size * ACTIVATION_BYTES
    inside = each * model.experts_per_token / node.link.bandwidth
    between = each * min(model.experts_per_token, NODES_PER_TOKEN) / catalog.link(NETWORK).bandwidth
    return max(inside, between)


def training_step(
    model: Model, node: Machine, layout: str, utilisation: float, hidden: float = 0.0
) -> TrainingStep:
    """One training step of a mixture of experts, on each GPU of many nodes.

    Args:
        model: with experts.
        node: the machine of one node.
        layout: one of LAYOUTS.
        utilisation: share of the specified 16-bit rate that the arithmetic reaches, 0 to 1.
        hidden: share of the sending done behind the arithmetic, 0 to 1.

    Returns:
        a TrainingStep. Gradients are added up once a step between the nodes: a ring sends each of them twice.

    Raises:
        KeyError: no such layout. ValueError: the model has no experts.

    >>> from freeweights.machines.machine import machine; from freeweights.models.transformer import model
    >>> h100 = training_step(model("DeepSeek-V3"), machine("H100 SXM5 80GB", 8), "tensor parallel", 0.4)
    >>> h800 = training_step(model("DeepSeek-V3"), machine("H800 SXM5 80GB", 8), "tensor parallel", 0.4)
    >>> h100.computing == h800.computing, h800.sending > 2 * h100.sending
    (True, True)
    """
    if not model.is_moe:
        raise ValueError(
            f"{model.name} has no experts: choose a mixture of experts, for instance 'DeepSeek-V3'."
        )
    send = {"tensor parallel": tensor_parallel, "expert parallel": expert_parallel}[layout]
    rate = utilisation * node.flops(16) / node.count
    gradients = 2 * ACTIVATION_BYTES * model.parameters / COPY / catalog.link(NETWORK).bandwidth
    computing = FLOPS_PER_WEIGHT * model.active_parameters * TOKENS / rate
    return TrainingStep(computing, float(send(model, node)), gradients, hidden)
