"""Lesson 03's byte model trained apart: seldom meetings cost little, and shards deal every window once."""

from __future__ import annotations

import numpy as np
import pytest
from freeweights.learn import byte_local_steps, byte_model
from freeweights.learn.local_steps import SHARDS, Recipe

SHORT = Recipe(workers=3, steps=4, batch=8, local_steps=2)


@pytest.mark.parametrize("shards", SHARDS)
def test_workers_read_windows_of_their_own_stretch(shards):
    seen = byte_local_steps.windows(Recipe(workers=3, steps=4, batch=8, shards=shards))
    assert seen.shape == (4, 3, 8, byte_model.WINDOW + 1)
    if shards == "uneven":
        text = byte_model.corpus().train
        first = {window.tobytes() for window in text[: len(text) // 3 + 1]}
        assert all(window.tobytes() in first for window in seen[:, 0].reshape(-1, byte_model.WINDOW + 1))


def test_a_run_is_the_same_again_and_sends_each_weight_at_each_meeting():
    one, again = byte_local_steps.train(SHORT), byte_local_steps.train(SHORT)
    assert one.bits == again.bits and one.sent == 2 * 4 * (one.sent / 8)
    weights = byte_model.begin(
        np.random.default_rng(0), len(byte_model.corpus().alphabet), byte_local_steps.HIDDEN
    )
    assert one.sent == 2 * 4 * byte_model.count_parameters(weights)


def test_training_helps_and_a_single_worker_is_adam_alone():
    short, longer = (byte_local_steps.train(Recipe(workers=1, steps=steps, batch=32)) for steps in (2, 40))
    assert longer.bits < short.bits - 0.5


def test_an_interrupt_keeps_what_was_done():
    told = []

    def stop(steps: int) -> None:
        told.append(steps)
        if len(told) > 5:
            raise KeyboardInterrupt

    runs = byte_local_steps.train_all([SHORT, SHORT, SHORT], stop)
    assert len(runs) == 1
