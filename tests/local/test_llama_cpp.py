"""The engine beside NumPy: the same text from the same numbers, nothing open to others, and no damaged file gets in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from freeweights.local import gguf_file, llama_cpp
from freeweights.local.llama_cpp import Completion, Engine
from real_weights import model, smollm_path  # noqa: F401, fixtures

GREEDY = json.loads((Path(__file__).parent / "smollm_greedy.json").read_text(encoding="utf-8"))
needs_engine = pytest.mark.skipif(
    not llama_cpp.installed() and not os.environ.get("CI"), reason="xllamacpp is not installed"
)


@pytest.fixture(scope="module")
def engine(smollm_path):  # noqa: F811
    with Engine(smollm_path, context=256, slots=2) as running:
        yield running


@pytest.fixture(scope="module")
def wide(smollm_path, tmp_path_factory):  # noqa: F811
    """An engine on the weights of the same file, unpacked to float32."""
    path = llama_cpp.rewrite(smollm_path, tmp_path_factory.mktemp("wide") / "wide.gguf", "F32")
    with Engine(path, context=256) as running:
        yield running


def answered(address: str, path: str, **headers: str) -> tuple[int, str, dict]:
    """Status, text and headers of one request."""
    request = urllib.request.Request(address + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), dict(error.headers)


# ---- the same text


@needs_engine
@pytest.mark.parametrize("case", GREEDY["cases"], ids=lambda case: case["prompt"].strip()[-40:])
def test_on_the_same_float32_weights_engine_and_numpy_write_the_same_text(wide, model, case):  # noqa: F811
    wanted = case["tokens"][:12]  # those of NumPy, too: tests/local/test_smollm.py
    found = wide.complete(case["prompt"], max_tokens=len(wanted))
    assert found.read == len(case["prompt_tokens"])
    assert found.text == model.tokenizer.decode(wanted)


@needs_engine
def test_company_does_not_change_a_text(engine):
    prompts = ["The capital of France is", "one two three one two three one two"]
    together = [one.text for one in engine.complete(prompts, max_tokens=12)]
    assert together == [engine.complete(prompt, max_tokens=12).text for prompt in prompts]


@needs_engine
@pytest.mark.parametrize("way", llama_cpp.WAYS)
def test_guesses_do_not_change_a_text(wide, way):
    """In float32: at four bits a step of many tokens is rounded otherwise than a step of one."""
    prompt = "one two three four one two three four one two"
    plain = wide.complete(prompt, max_tokens=16)
    with Engine(wide.path, context=128, speculation=way, drafts=3) as drafting:
        found = drafting.complete(prompt, max_tokens=16)
    assert found.text == plain.text and plain.steps == plain.written
    assert found.accepted <= found.drafted and found.steps <= found.written


@needs_engine
def test_a_draw_depends_on_its_seed_alone(engine):
    draw = lambda seed: engine.complete("Once upon", 6, temperature=1.0, seed=seed).text  # noqa: E731
    assert draw(1) == draw(1)
    assert len({draw(seed) for seed in range(4)}) > 1


# ---- closed to others


@needs_engine
def test_nobody_gets_an_answer_without_the_key_of_this_session(engine, smollm_path):  # noqa: F811
    foreign = {"Origin": "http://elsewhere.example"}
    assert engine.address.startswith("http://127.0.0.1:")
    for path in ("/v1/models", "/props", "/slots", "/metrics", "/completion"):
        status, text, headers = answered(engine.address, path, **foreign, Authorization="Bearer guess")
        assert status in (401, 404, 501) and "SmolLM2" not in text
        assert headers.get("Access-Control-Allow-Origin", "") in ("", "null")
        assert headers.get("Access-Control-Allow-Credentials") != "true"
    page, text, _ = answered(engine.address, "/")
    assert page == 404 and "<html" not in text.lower()
    assert answered(engine.address, "/v1/models", Authorization=f"Bearer {engine._key}")[0] == 200
    with Engine(smollm_path, context=64) as other:
        assert other._key != engine._key and len(other._key) >= 32
        assert answered(other.address, "/v1/models", Authorization=f"Bearer {engine._key}")[0] == 401
        closed = other.address
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(closed, timeout=10)
    with pytest.raises(RuntimeError, match="stopped"):
        other.complete("Hello")


@needs_engine
def test_the_log_stays_away_from_the_page(smollm_path):  # noqa: F811
    code = (
        "from freeweights.local.llama_cpp import Engine\n"
        f"with Engine({str(smollm_path)!r}, threads=1, context=64) as engine: engine.complete('Hello', max_tokens=2)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ---- files and arguments


def test_no_damaged_file_reaches_the_engine(smollm_path, tmp_path):  # noqa: F811
    whole, bad = smollm_path.read_bytes(), tmp_path / "bad.gguf"
    for damaged in (b"", b"GGUF", b"PK" + whole[2:4096], whole[:4096], whole[: len(whole) // 2], whole[:-64]):
        bad.write_bytes(damaged)
        with pytest.raises(gguf_file.WeightsError):
            llama_cpp.check(bad)
    with pytest.raises(gguf_file.WeightsError, match="no weights file"):
        llama_cpp.check(tmp_path / "none.gguf")
    assert llama_cpp.check(smollm_path) == smollm_path


def test_a_header_with_a_few_wrong_bytes_raises_or_is_sound(smollm_path, tmp_path):  # noqa: F811
    """What `check` lets through is a model of the right shapes, whatever byte of the header was changed."""
    whole, bad, random = smollm_path.read_bytes(), tmp_path / "bad.gguf", np.random.default_rng(0)
    for place in random.integers(0, 2000, 4):
        damaged = bytearray(whole)
        damaged[place] ^= int(random.integers(1, 256))
        bad.write_bytes(damaged)
        try:
            llama_cpp.check(bad)
        except gguf_file.WeightsError:
            continue


@needs_engine
@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"threads": 0}, "threads"),
        ({"context": -1}, "context"),
        ({"slots": 0}, "slots"),
        ({"drafts": 0, "speculation": "ngram mod"}, "drafts"),
        ({"cache": "F8"}, "choose one of 'F32'"),
        ({"speculation": "guess"}, "ngram simple"),
    ],
)
def test_bad_arguments_argue_back(smollm_path, arguments, word):  # noqa: F811
    with pytest.raises(ValueError, match=word):
        Engine(smollm_path, **arguments)


@needs_engine
@pytest.mark.parametrize(
    ("prompt", "arguments", "word"),
    [
        ("", {}, "empty"),
        (["Hello", ""], {}, "empty"),
        ("Hello", {"max_tokens": 0}, "at least 1"),
        ("Hello", {"temperature": -1}, "likeliest"),
        ("word " * 400, {}, "context"),
    ],
)
def test_bad_requests_argue_back(engine, prompt, arguments, word):
    with pytest.raises(ValueError, match=word):
        engine.complete(prompt, **arguments)


def test_tokens_a_step_count_what_was_accepted():
    one = Completion("", read=4, read_seconds=0.1, written=12, write_seconds=0.3, drafted=20, accepted=6)
    assert (one.steps, one.tokens_per_step) == (6, 2.0)


def test_without_the_wheel_the_engine_says_what_to_do(smollm_path, monkeypatch):  # noqa: F811
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    assert not llama_cpp.installed()
    with pytest.raises(gguf_file.WeightsError, match="pip install xllamacpp"):
        Engine(smollm_path)
