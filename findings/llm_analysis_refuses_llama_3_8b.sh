#!/usr/bin/env bash
# llm-analysis 0.2.2: a feed-forward width that is no multiple of the hidden size is refused by an assertion.
#
# Expected: Llama 3.1 8B (hidden size 4,096, feed-forward 14,336) and Mixtral 8x7B (the same two numbers) are described
# by the sizes in their configuration.
# Seen (2026-11-30): "ffn_embed_dim (14336) must be divisible by hidden_dim (4096)". Given the ratio as
# well (expansion_ratio=3.5) the same description is accepted, so nothing in its arithmetic needs whole multiples.
# Why it matters: the commonest open sizes of two years cannot be entered as they are published; a tool compared
# with others leaves them out, or is helped, and which of the two should be said.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv env
env/bin/pip install --quiet llm-analysis==0.2.2
env/bin/python - 2>/dev/null <<'PY'
from llm_analysis.config import ModelConfig

sizes = dict(name="Llama 3.1 8B", num_layers=32, n_head=32, hidden_dim=4096, vocab_size=128256, num_key_value_heads=8,
             ffn_embed_dim=14336)
try:
    ModelConfig(**sizes)
except AssertionError as refused:
    print("refused:", refused)
else:
    raise SystemExit("the published sizes are accepted now")
print("accepted with the ratio:", ModelConfig(**sizes, expansion_ratio=3.5).ffn_embed_dim)
PY
