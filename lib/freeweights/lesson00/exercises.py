"""Lesson 00's exercise: the bytes of a model by hand."""

from __future__ import annotations

from ..models.transformer import Model
from ..page import questions


def bytes_of_llama() -> questions.Exercise:
    """Lesson 00: bits into bytes."""
    llama = Model.named("Llama 3.1 8B")
    return questions.exercise(
        "bytes",
        "How many bytes do the weights of Llama 3.1 8B take at 16 bits each? You may type `16 GB` or `16e9`.",
        answer=lambda: llama.parameters * 16 / 8,
        unit="B",
        tolerance=0.03,
        mistakes=[
            (lambda: llama.parameters, "That is one byte for each weight: it would be 8 bits, not 16."),
            (lambda: llama.parameters * 4, "That is four bytes for each weight: it would be 32 bits."),
        ],
        hint="A byte is eight bits. How many bytes are sixteen bits, and how many weights are there?",
    )
