"""The LoRA: its gradients against finite differences, its forward pass against the library's, and nothing left behind."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from freeweights.local import low_rank, smollm
from freeweights.local.block_quantisation import pack
from freeweights.local.llama import LlamaLayer, tiny

TOKENS = np.random.default_rng(3).integers(0, 96, 24)


def precise(model):
    """The same model in float64."""
    layers = tuple(
        LlamaLayer(*(getattr(layer, one.name).astype(float) for one in fields(layer)))
        for layer in model.layers
    )
    return replace(
        model,
        embedding=model.embedding.astype(float),
        layers=layers,
        final_norm=model.final_norm.astype(float),
    )


def test_the_loss_is_the_mean_surprisal_that_the_library_computes():
    model = tiny()
    loss, _ = low_rank.loss_and_gradients(model, low_rank.start(model, 3), low_rank.inputs(model, TOKENS))
    assert loss == pytest.approx(smollm.surprisal(model, TOKENS).mean(), rel=1e-5)


@pytest.mark.parametrize("matrix", low_rank.MATRICES)
@pytest.mark.parametrize("side", [0, 1])
def test_each_gradient_is_the_slope_of_the_loss(matrix, side):
    model, random = precise(tiny()), np.random.default_rng(5)
    given = low_rank.inputs(tiny(), TOKENS)
    given = low_rank.Inputs(given.x.astype(float), given.mixed.astype(float), given.targets)
    factors = {
        name: tuple(random.normal(0, 0.1, one.shape) for one in pair)
        for name, pair in low_rank.start(model, 2).items()
    }
    _, gradients = low_rank.loss_and_gradients(model, factors, given)
    for row, column in random.integers(0, 2, (3, 2)):
        step = np.zeros_like(factors[matrix][side])
        step[row, column] = 1e-5

        def at(sign, step=step):
            moved = list(factors[matrix])
            moved[side] = moved[side] + sign * step
            return low_rank.loss_and_gradients(model, factors | {matrix: tuple(moved)}, given)[0]

        slope = (at(1) - at(-1)) / 2e-5
        assert gradients[matrix][side][row, column] == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_training_learns_the_text_and_the_model_itself_keeps_every_bit():
    model = tiny()
    kept = [one.copy() for one in model.arrays()]
    before = smollm.surprisal(model, TOKENS)
    run = low_rank.train(model, TOKENS, steps=60)
    after = smollm.surprisal(low_rank.merged(model, run.factors), TOKENS)
    assert after.mean() < 0.7 * before.mean() and len(run.losses) == 60 and not run.stopped
    assert all(np.array_equal(one, other) for one, other in zip(kept, model.arrays()))
    assert np.array_equal(before, smollm.surprisal(model, TOKENS))


def test_a_training_that_is_stopped_keeps_its_steps():
    run = low_rank.train(tiny(), TOKENS, steps=50, seconds=0)
    assert run.stopped and len(run.losses) == 1


def test_what_cannot_be_trained_is_refused_with_a_way_out():
    with pytest.raises(ValueError, match="rank is 0: .* try 2"):
        low_rank.start(tiny(), 0)
    model = tiny()
    with pytest.raises(TypeError, match="as `load` gives it"):
        low_rank.train(replace(model, embedding=pack(model.embedding, 4)), TOKENS)


def test_surprisal_of_several_sequences_is_that_of_each():
    both = np.stack([TOKENS, TOKENS[::-1]])
    each = np.stack([smollm.surprisal(tiny(), one) for one in both])
    assert smollm.surprisal(tiny(), both) == pytest.approx(each, rel=1e-5)
