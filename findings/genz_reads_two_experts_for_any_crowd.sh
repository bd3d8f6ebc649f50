#!/usr/bin/env bash
# genz-llm 0.0.16: a decode step of a mixture reads the experts of one token, whatever the batch.
#
# Expected: Mixtral 8x7B in BF16 holds 8 experts of 3 x 4,096 x 14,336 parameters in each of 32 layers: 90 GB. Sixty-four
# users of two experts each touch all eight, so a step reads at least those 90 GB; at 3,350 GB/s that is 27 ms (25 if a
# "GB/s" is taken as 2^30 bytes, as genz-llm does).
# Seen (2026-11-30): 7.1 ms for one user, 8.3 ms for sixty-four: a third of the least possible time. In
# its table of operations the feed-forward rows carry two experts' weights at every batch, with all tokens sent to them.
# Why it matters: throughput of mixtures at a batch comes out some three times too high; what experts cost a crowd is
# just what such a calculator is asked.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv env
env/bin/pip install --quiet genz-llm==0.0.16
env/bin/python - <<'PY'
from GenZ import System, decode_moddeling

machine = System(flops=989, offchip_mem_bw=3350, off_chip_mem_size=200_000, interchip_link_bw=450,
                 compute_efficiency=1, memory_efficiency=1, comm_efficiency=1)
step = {
    users: decode_moddeling(model="mixtral_8x7b", batch_size=users, input_tokens=512, output_tokens=1, Bb=1,
                            system_name=machine, bits="bf16")["Latency"]
    for users in (1, 64)
}
experts = 32 * 8 * 3 * 4096 * 14336 * 2
least = experts / (3350 * 2**30) * 1e3
print(f"one user {step[1]:.1f} ms, 64 users {step[64]:.1f} ms; all experts alone take {least:.1f} ms")
assert step[64] < 0.5 * least, "the step of 64 users now reads the experts they touch"
PY
