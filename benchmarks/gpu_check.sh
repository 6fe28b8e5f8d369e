#!/usr/bin/env bash
# Tests and measures this project on a GPU. Needs Python 3.11 or newer with a CUDA build of PyTorch, no network, 8 minutes.
#
#     bash benchmarks/gpu_check.sh            # on a machine with a card
#     bash benchmarks/gpu_check.sh --dry      # the same on a CPU, smaller, to test the script
#
# PYTHON: the Python to use. OUT: where gpu_check.json and the log of the tests go; without it the working folder.
# Nothing is installed from the network. Files that are not in git are in benchmarks/carried (CARRIED: another folder);
# a part that needs a missing one reports it:
#
#     wheels/              Python packages that the machine may lack, installed for this run alone. To fill it, elsewhere:
#                          pip download -d benchmarks/carried/wheels --only-binary :all: -c constraints.txt typer rich \
#                              platformdirs safetensors ftfy charset-normalizer beautifulsoup4 striprtf psutil pytest
#                          (also numpy, textual and plotext, if those are missing; fla-core and einops for the fused kernel)
#     nanoGPT/             a clone of https://github.com/karpathy/nanoGPT
#     tinyshakespeare.txt  the text of its recipe
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
export CARRIED=${CARRIED:-$root/benchmarks/carried}
[ -n "${OUT:-}" ] || OUT=$PWD
export OUT

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "gpu_check: Python 3.11 or newer is needed; set PYTHON"; exit 2; }
"$python" -c 'import torch' || { echo "gpu_check: this Python has no PyTorch; set PYTHON"; exit 2; }

site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
missing=$("$python" "$root/benchmarks/gpu_check.py" --missing)
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086
    if "$python" -m pip install --quiet --no-index --find-links "$CARRIED/wheels" --target "$site" $missing; then
        echo "gpu_check: taken from $CARRIED/wheels: $missing"
    else
        echo "gpu_check: missing, and not in $CARRIED/wheels: $missing"
    fi
fi
export PYTHONPATH="$root:$site${PYTHONPATH:+:$PYTHONPATH}"
export GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-1000} # as the command sets it
export CUBLAS_WORKSPACE_CONFIG=${CUBLAS_WORKSPACE_CONFIG:-:4096:8}
"$python" "$root/benchmarks/gpu_check.py" "$@"
