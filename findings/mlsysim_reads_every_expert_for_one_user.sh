#!/usr/bin/env bash
# mlsysim 0.3.0: "serve" reads and multiplies every parameter of a mixture of experts for one token.
#
# Expected: DeepSeek-V3 has 671 B parameters, of which a token uses 37 B. For one user at 4 bits an H100 (3.35 TB/s) reads
# 18.5 GB a step, 5.5 ms; a prompt of 2,048 tokens takes 2 x 37e9 x 2,048 FLOPs.
# Seen (2026-11-30): 100.8 ms from token to token and 5,573 ms to the first one: what 671 B dense parameters
# would take (0.5 bytes x 671e9 / 3.35e12 = 100.1 ms; 2 x 671e9 x 2,048 / half of 989 TFLOP/s = 5,558 ms). Its own
# registry knows the model as a "MoE Transformer".
# Why it matters: with one user, the very case a mixture is made for, the answer is eighteen times too slow.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv env
env/bin/pip install --quiet mlsysim==0.3.0
env/bin/mlsysim -o json serve DeepSeek_V3 H100 --batch-size 1 --precision int4 --seq-len 2048 > answer.json
env/bin/python - <<'PY'
import json

answer = json.load(open("answer.json"))
every, used = (0.5 * parameters / 3.35e12 * 1e3 for parameters in (671e9, 37e9))
print(f"from token to token {answer['itl_ms']:.1f} ms; all parameters take {every:.1f}, a token's own {used:.1f}")
print(f"to the first token {answer['ttft_ms']:,.0f} ms")
assert answer["itl_ms"] > 0.9 * every, "a step now reads less than every parameter"
assert answer["ttft_ms"] > 0.9 * 2 * 671e9 * 2048 / (0.5 * 989e12) * 1e3, "a prompt now costs less than every parameter"
PY
