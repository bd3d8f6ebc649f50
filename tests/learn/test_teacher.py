"""The teacher's data: what is shipped is described, belongs to the novel, and comes out again from the real weights."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from freeweights.facts import catalog, datasets
from freeweights.learn import teacher
from freeweights.local import llama, smollm
from real_weights import model, smollm_path  # noqa: F401, fixtures

SAME = 2e-3  # between a probability in float16 and the same one computed on another machine
FLOAT16 = 5e-4  # of a number below 1


@pytest.fixture(scope="module")
def data():
    return teacher.read()


@pytest.fixture(scope="module")
def small():
    """A model of random weights, a vocabulary of half its tokens, and a text of them."""
    return llama.tiny(), np.arange(0, 96, 2), np.random.default_rng(0).integers(0, 48, 120)


# ---- the shipped file


def test_the_table_describes_every_array(data):
    rows = {row.name: row for row in catalog.read(teacher.TABLE, teacher.Array)}
    assert list(rows) == [field.name for field in fields(teacher.Teacher)] == list(teacher.MEANINGS)
    for name, row in rows.items():
        array = getattr(data, name)
        assert (row.dtype, row.rows, row.columns) == (array.dtype.name, len(array), array[0].size)
        assert (row.sha256, row.meaning) == (teacher.digest(array), teacher.MEANINGS[name])
        assert (catalog.DATA / "texts" / row.text).is_file()


def test_the_data_package_describes_the_table():
    resources = json.loads((catalog.DATA / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    (described,) = (one["schema"]["fields"] for one in resources if one["path"] == teacher.TABLE.name)
    assert [field["name"] for field in described] == [field.name for field in fields(teacher.Array)]


def test_the_file_is_small():
    assert teacher.FILE.stat().st_size < 3e6


def test_the_arrays_fit_together(data):
    words, length = len(data.vocabulary), len(data.novel)
    assert (np.diff(data.vocabulary.astype(int)) > 0).all() and len(data.lengths) == words
    assert set(data.novel.tolist()) == set(range(words))
    assert data.top.shape == data.chances.shape == (length - 1, teacher.TOP)
    assert len(data.right) == len(data.outside) == length - 1
    assert data.written.shape == (teacher.SEQUENCES, teacher.LARGE // teacher.SEQUENCES)
    assert max(data.top.max(), data.written.max()) < words
    assert data.lengths[data.novel].sum() == len(datasets.text(teacher.NOVEL))


def test_students_never_see_what_is_held_out(data):
    assert teacher.SMALL <= teacher.LARGE <= data.held.start
    assert (data.starts + teacher.PROMPT <= teacher.SMALL).all()


def test_the_probabilities_are_some(data):
    chances = data.chances.astype(float)
    assert (chances >= 0).all() and (np.diff(chances, axis=1) <= 0).all()
    assert (chances.sum(axis=1) <= 1 + teacher.TOP * FLOAT16).all()
    assert (np.sort(data.top, axis=1)[:, 1:] != np.sort(data.top, axis=1)[:, :-1]).all()
    assert np.isfinite(data.right).all() and (data.right <= 0).all()
    assert (data.outside >= 0).all() and (data.outside <= 1).all()


def test_the_token_that_came_has_the_same_probability_in_both_arrays(data):
    rows, places = np.nonzero(data.top == data.novel[1:, None])
    assert len(rows) > len(data.novel) / 2
    assert np.abs(data.chances[rows, places] - np.exp(data.right[rows])).max() < FLOAT16


def test_told_the_vocabulary_the_teacher_needs_fewer_bits(data):
    assert 0 < data.bits_per_byte() < data.bits_per_byte(within=False) < 8


# ---- the real weights make it again


def test_the_vocabulary_spells_the_novel(model, data):  # noqa: F811
    text = datasets.text(teacher.NOVEL).decode()
    assert model.tokenizer.decode(data.vocabulary[data.novel].tolist()) == text


@pytest.mark.parametrize("piece", [0, 70])
def test_the_real_teacher_expects_what_is_shipped(model, data, piece):  # noqa: F811
    assert teacher.difference(model, data, piece, tokens=48) < SAME


def test_the_check_notices_a_wrong_probability(model, data):  # noqa: F811
    wrong = replace(data, chances=data.chances.copy())
    wrong.chances[10, 0] += 0.01
    assert teacher.difference(model, wrong, 0, tokens=48) > SAME


def test_the_real_teacher_writes_what_is_shipped(model, data):  # noqa: F811
    """The draw of each token falls where its probability begins and ends, given the tokens shipped before it."""
    sequence, tokens = 5, 48
    start = int(data.starts[sequence])
    text = np.concatenate(
        [data.novel[start : start + teacher.PROMPT], data.written[sequence, :tokens]]
    ).astype(int)
    chances, _ = teacher.expect(model, data.vocabulary, text, teacher.PROMPT, len(text))
    reach = chances.cumsum(axis=1)
    rows, written, drawn = np.arange(tokens), text[teacher.PROMPT :], teacher.draws(teacher.LARGE // 64)
    above = reach[rows, written]
    inside = drawn[:tokens, sequence]
    assert (inside < above + SAME).all() and (inside > above - chances[rows, written] - SAME).all()


# ---- a teacher at work


def test_what_is_expected_is_the_softmax_within_the_vocabulary(small):
    model, vocabulary, text = small  # noqa: F811
    chances, outside = teacher.expect(model, vocabulary, text, 20, 30)
    surprise = smollm.surprisal(model, vocabulary[text[:30]])[19:]
    assert chances.shape == (10, 48) and np.allclose(chances.sum(axis=1), 1)
    right = chances[np.arange(10), text[20:30]] * (1 - outside)
    assert np.allclose(-np.log(right), surprise, atol=1e-4)


def test_a_piece_expects_the_same_as_the_whole(small):
    whole, _ = teacher.expect(*small, 1, 120)
    part, _ = teacher.expect(*small, 50, 60)
    assert np.allclose(whole[49:59], part, atol=1e-5)


def test_pieces_cover_every_token_but_the_first_once():
    for length in (2, 256, 257, 1000):
        covered = [token for first, last in teacher.pieces(length) for token in range(first, last)]
        assert covered == list(range(1, length))


def test_writing_follows_its_draws_and_its_temperature(small):
    model, vocabulary, text = small  # noqa: F811
    prompts, draws = text[:40].reshape(2, 20), np.full((6, 2), 0.5)
    once = teacher.write(model, vocabulary, prompts, draws)
    assert once.shape == (2, 6) and (once == teacher.write(model, vocabulary, prompts, draws)).all()
    cold = teacher.write(model, vocabulary, prompts, draws, temperature=1e-3)
    chances, _ = teacher.expect(model, vocabulary, np.append(prompts[0], cold[0]), 20, 26)
    assert (chances.argmax(axis=1) == cold[0]).all()


# ---- what cannot be


@pytest.mark.parametrize("temperature", [0, -1, np.nan, np.inf])
def test_a_temperature_is_above_zero(small, temperature):
    with pytest.raises(ValueError, match="above 0"):
        teacher.write(*small[:2], small[2][None, :5], np.zeros((1, 1)), temperature)


@pytest.mark.parametrize("k", [0, -1, 49])
def test_k_is_from_one_to_the_vocabulary(k):
    with pytest.raises(ValueError, match="from 1 to 48"):
        teacher.likeliest(np.zeros((1, 48)), k)


@pytest.mark.parametrize("first, last", [(0, 5), (5, 5), (1, 121)])
def test_only_tokens_of_the_text_are_expected(small, first, last):
    with pytest.raises(ValueError, match="text of 120"):
        teacher.expect(*small, first, last)


def test_there_is_something_to_write(small):
    with pytest.raises(ValueError, match="nothing to write"):
        teacher.write(*small[:2], np.zeros((0, 4), int), np.zeros((3, 0)))


def test_a_missing_or_damaged_file_says_how_to_make_it(tmp_path):
    path = tmp_path / "teacher.npz"
    with pytest.raises(catalog.CatalogError, match="python -m freeweights.learn.teacher"):
        teacher.read(path)
    path.write_bytes(b"half a file")
    with pytest.raises(catalog.CatalogError, match="cannot be read"):
        teacher.read(path)


def test_saving_describes_what_it_saves_and_reads_back(data, tmp_path):
    path, table = tmp_path / "again.npz", tmp_path / "again.csv"
    teacher.save(data, path, table)
    assert [row.sha256 for row in catalog.read(table, teacher.Array)] == [
        row.sha256 for row in catalog.read(teacher.TABLE, teacher.Array)
    ]
    assert (teacher.read(path).chances == data.chances).all()
