"""What weights alone allow, on a small model: disguises compute the same, profiles tell, and no weights is a state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from freeweights.lesson10 import weights_alone as alone
from freeweights.local import smollm
from freeweights.local.llama import tiny

TOKENS = np.random.default_rng(1).integers(0, 96, 30)


def test_a_disguised_layer_has_other_spreads_and_computes_the_same():
    model, factor = tiny(), 1.7
    layers = [
        replace(
            one, qkv=np.concatenate(alone.disguised(one, factor)[:3]), output=alone.disguised(one, factor)[3]
        )
        for one in model.layers
    ]
    before, after = (smollm.surprisal(one, TOKENS) for one in (model, replace(model, layers=tuple(layers))))
    assert after == pytest.approx(before, rel=1e-4)
    spreads = [[matrix.std() for matrix in alone.disguised(model.layers[0], by)] for by in (1.0, factor)]
    assert np.divide(*reversed(spreads)) == pytest.approx([1.7, 1 / 1.7, 1.7, 1 / 1.7], rel=1e-5)


def test_matrices_are_rows_of_what_the_layer_holds():
    layer = tiny().layers[0]
    queries, keys, values, output = alone.matrices(layer)
    assert np.array_equal(np.concatenate([queries, keys, values]), layer.qkv) and output is layer.output
    assert queries.shape[0] == 2 * keys.shape[0] == 2 * values.shape[0] == 64


def test_alike_is_the_correlation_of_profiles():
    random = np.random.default_rng(2)
    one, other = (random.normal(size=(4, 12)) for _ in range(2))
    plain = [[(row - row.mean()) / row.std() for row in each] for each in (one, other)]
    assert alone.alike(*map(np.array, plain)) == pytest.approx(
        np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(one, other)])
    )


def test_a_profile_knows_no_scale():
    layers = [alone.matrices(layer) for layer in tiny().layers]
    scaled = [[3 * matrix for matrix in layer] for layer in layers]
    assert alone.alike(alone.profile(layers), alone.profile(scaled)) == pytest.approx(1)


def test_without_weights_each_part_says_so_and_goes_on_with_what_was_recorded(capsys):
    assert alone.change(None) is None and alone.tell(None) is None
    assert alone.shrink(None) is None and alone.fingerprint_picture(None) is None
    assert alone.remembered(None) == {} and alone.windows(None).size == 0
    alone.tell_windows(alone.windows(None))
    assert "the weights could not be fetched" in alone.surprisal_picture({}).sentence


def test_the_licence_of_the_course_is_scored_without_the_name_of_the_course():
    words, sort = alone.texts()["MIT licence"]
    assert words.startswith("Permission is hereby granted") and sort == alone.BEFORE


def test_recorded_licences_are_parted_by_their_date():
    sorts = {name: sort for name, (_, sort) in alone.recorded().items()}
    assert sorts["Llama 4 licence (2025)"] == alone.AFTER and sorts["Llama 2 licence (2023)"] == alone.BEFORE
