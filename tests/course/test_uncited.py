"""The check of numbers in prose, on small notebooks made to pass or fail it."""

from __future__ import annotations

import pytest
from saved import small
from uncited import Definition, stale, unsupported


@pytest.mark.parametrize("text", [
    "It takes 37 minutes.", "a 16-bit weight", "It costs 5 %.", "- first, 3 of them", "| a | 12 |",
    "## 1 · About 7 things", "Lesson 05 takes 25 minutes.",
    "see [12](01_weights_versus_compute.ipynb)", "from an H900", "2^30 bytes",
    "Cited above, not here: 12.\n\nSee [it](https://example.org).",
])  # fmt: skip
def test_a_number_with_nothing_behind_it_is_found(text):
    assert len(unsupported(small(text))) == 1


@pytest.mark.parametrize("text", [
    "Published: [37 minutes](https://example.org/a).", "It takes 37 minutes, [they say](https://example.org).",
    "`x = 12`", "```python\nx = 12\n```", "## 1 · First", "1. first\n2. second",
    "**Time** 50 minutes. **Read before** nothing.",
    "Lessons 05, 06 and 09 ask; so does lesson 11.", "**Next:** 02 · Hardware bottlenecks",
    "ten, two hundred, a third",
    "GLM-5.2 on an M3 Ultra 512 GB beside eight H200s over PCIe 5.0 at FP8; SmolLM2-135M and Llama 3.1 405B",
    '<img width="900" alt="a line">',
])  # fmt: skip
def test_what_is_cited_or_no_claim_passes(text):
    assert not unsupported(small(text))


@pytest.mark.parametrize(("text", "printed"), [
    ("134.5 M parameters", "134,515,008 parameters"), ("about 135 million", "134.5 M"),
    ("takes 1.5 s", "1.46 s"), ("37 ms", "0.0371 s"),
    ("500 GB", "| 500 |"), ("744 B", "744.1 B"), ("16 GB", "16.06e9 bytes"),
])  # fmt: skip
def test_a_number_that_an_output_rounds_to_passes(text, printed):
    assert not unsupported(small(text, printed))


@pytest.mark.parametrize(("text", "printed"), [
    ("134.5 M parameters", "134,615,008 parameters"), ("takes 1.5 s", "1.56 s"), ("37 ms", "37 s"),
    ("744 B", "744 MB"), ("4.5 bits", "4 bits"), ("16 GB", "16 KB"),
])  # fmt: skip
def test_a_number_that_no_output_rounds_to_is_found(text, printed):
    assert len(unsupported(small(text, printed))) == 1


def test_html_outputs_count_by_their_words_and_not_by_their_tags():
    page = '<table width="900"><td>42</td></table>'
    assert unsupported(small("900 and 42.", html=page)) == ["900 in '900 and 42.'"]


def test_a_definition_supports_its_own_number_only_and_goes_stale_without_it():
    bits, room = Definition("01", "16", "bits"), Definition("01", "16 GB", "room")
    assert not unsupported(small("16 bits"), [bits]) and not stale(small("16 bits"), [bits])
    assert unsupported(small("16 GB"), [bits]) and not unsupported(small("16 GB"), [room])
    assert unsupported(small("17 bits"), [bits]) and stale(small("17 bits"), [bits]) == ["16 (bits)"]
