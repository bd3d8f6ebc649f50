#!/usr/bin/env bash
# whichllm 0.5.21 asks for "typer>=0.9" and does not start with typer 0.29.2.
#
# Expected: a fresh install of a package brings dependencies it starts with.
# Seen (2026-11-30, typer 0.29.2, click 8.5.1): "TypeError: Option() got an unexpected keyword argument 'click_type'"
# while its command line is imported, at "--version" too. With typer 0.28.0 it starts.
# Why it matters: the advice "install it and ask which model fits" ends at once; whoever compares calculators has to pin
# a version that the package does not name.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cd "$here"
python3 -m venv env
env/bin/pip install --quiet whichllm==0.5.21 typer==0.29.2
if env/bin/whichllm --version > newest.txt 2>&1; then
    echo "it starts with typer 0.29.2 now" && exit 1
fi
tail -1 newest.txt
grep -q "unexpected keyword argument 'click_type'" newest.txt
env/bin/pip install --quiet typer==0.28.0
echo "with typer 0.28.0: $(env/bin/whichllm --version)"
