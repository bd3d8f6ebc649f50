"""SmolLM2 in NumPy beside transformers on the same CPU, float32, same file, same shapes, same process, taking
turns.

Run by hand, with `torch`, `transformers` and `accelerate` installed beside the library, on a machine with
nothing else to do:

    python tests/benchmarks/smollm_speed.py

Measured on 2 cores of an Intel Xeon (Sapphire Rapids, virtual machine shared with others), Linux, Python
3.11, NumPy 2.4 with OpenBLAS 0.3.31, torch 2.13.0, transformers 5.23.0, 2026-11-22:

    median of 9 rounds                NumPy    transformers   NumPy is so many times as fast
    decode, batch 1, 64 in the cache  23.8 ms  30.9 ms        1.30 (1.28 to 1.33 over the rounds)
    prefill, 512 tokens               585 ms   600 ms         1.02 (0.98 to 1.07 over the rounds)

Decode moved 69 % of the matrix-vector bandwidth that `yourmachine` measured (33.2 GB/s); prefill did 62 % of
the SGEMM rate (315 GFLOP/s). The two are level at prefill: 25 turns shortly before, on code one small
change older, gave a median of 0.99. Other work runs on the machine, so trust only medians.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
import transformers
from freeweights.local import download, llama, smollm, smollm_timing, this_machine

ROUNDS = 9
STEPS = 12
CONTEXT = 64
PROMPT = 512


def timed(act: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main() -> None:
    """Measure, taking turns, and print medians and ratios."""
    path = download.smollm2()
    ours = smollm.load(path)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32
    ).eval()
    torch.set_num_threads(this_machine.cores())
    prompt = np.random.default_rng(0).integers(100, ours.config.vocabulary, PROMPT)
    as_torch = torch.tensor(prompt[None])

    def decode_ours() -> float:
        _, cache = llama.prefill(ours, prompt[:CONTEXT])
        return timed(lambda: [llama.decode(ours, prompt[i : i + 1], cache) for i in range(STEPS)]) / STEPS

    def decode_theirs() -> float:
        cache = theirs(as_torch[:, :CONTEXT], use_cache=True).past_key_values
        step = lambda i: theirs(as_torch[:, i : i + 1], past_key_values=cache, use_cache=True)  # noqa: E731
        return timed(lambda: [step(i) for i in range(STEPS)]) / STEPS

    memory = np.ones(this_machine.NUMBERS, np.float32)
    turns = {
        "decode, NumPy": decode_ours,
        "decode, transformers": decode_theirs,
        "prefill, NumPy": lambda: timed(lambda: llama.prefill(ours, prompt)),
        "prefill, transformers": lambda: timed(lambda: theirs(as_torch, use_cache=True, logits_to_keep=1)),
        "matrix-vector, bytes/s": lambda: this_machine.matrix_vector(memory).median,
        "SGEMM, FLOP/s": lambda: this_machine.matrix_matrix().median,
    }
    found: dict[str, list[float]] = {name: [] for name in turns}
    with torch.inference_mode():
        for number in range(ROUNDS + 1):  # the first round warms up
            for name, act in turns.items():
                figure = act()
                if number:
                    found[name].append(figure)
    middle = {name: float(np.median(figures)) for name, figures in found.items()}
    for name, figures in found.items():
        print(f"{name:24} median {middle[name]:.4g}  lowest {min(figures):.4g}  highest {max(figures):.4g}")
    for what in ("decode", "prefill"):
        each = np.array(found[f"{what}, transformers"]) / np.array(found[f"{what}, NumPy"])
        spread = f"{each.min():.2f} to {each.max():.2f} over the rounds"
        print(f"{what}: NumPy is {np.median(each):.2f} times as fast, {spread}")
    moved = smollm_timing.bytes_moved(ours, 1, CONTEXT + STEPS / 2) / middle["decode, NumPy"]
    done = smollm_timing.prefill_flops(ours, PROMPT) / middle["prefill, NumPy"]
    print(f"decode moves {moved / middle['matrix-vector, bytes/s']:.0%} of the matrix-vector bandwidth")
    print(f"prefill does {done / middle['SGEMM, FLOP/s']:.0%} of the SGEMM rate")


if __name__ == "__main__":
    main()
