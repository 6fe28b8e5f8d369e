"""A model as an ONNX graph, with its tokenizer beside it, for onnxruntime and programs in any language.

    inputs   input_ids (batch, time); llama: position_ids (batch, time); the state, zeros or without tokens before a text
    outputs  logits (batch, time, vocabulary); the new state, in the order of the inputs

`onnx_steps.py` has what the graph computes. The inputs and outputs of a llama have the names that they have in Hugging Face's
ONNX exports. Needs the libraries `onnx` and `onnxscript`.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.trained_model import Trained, into_new
from mmrec_engine.interop.onnx_steps import AttentionStep, RecurrenceStep
from mmrec_engine.interop.transformers_folder import as_json, configuration, tokenizer_files
from mmrec_engine.model.language_model import LanguageModel
from mmrec_engine.system.optional_dependencies import library

EXTRA = "onnx"
FILE, WEIGHTS_FILE = "model.onnx", "model.onnx.data"
_STATE = {"mmrec": ("past.{}.last", "past.{}.memory"), "llama": ("past_key_values.{}.key", "past_key_values.{}.value")}
_OPSET = 18  # the oldest that PyTorch's exporter writes, for the most readers
_LARGEST_FILE = 2**30  # bytes of weights in the graph's own file; its format ends at 2 GiB


def export_to_onnx(trained: Trained, folder: Path) -> list[Path]:
    """Write `model.onnx`, in float32, tokenizer and config.json into a new or empty folder; weights beyond 1 GiB into a file of
    their own. Raises RequestError, also without the libraries."""
    config = trained.model.config
    if config.architecture not in _STATE:
        raise RequestError(
            "export-architecture",
            format="onnx",
            architectures=", ".join(_STATE),
            arch=config.architecture,
            nearest="llama",
        )
    for name in ("onnx", "onnxscript"):
        library(name, EXTRA)
    texts = {**tokenizer_files(trained.tokenizer), "config.json": as_json(configuration(trained))}
    try:
        into_new(folder)
        program = _program(trained.model)
        apart = 4 * config.parameters() > _LARGEST_FILE
        program.save(folder / FILE, external_data=apart)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise RequestError("export-unwritable", path=folder, reason=error.strerror or error) from None
    return [folder / name for name in (FILE, *([WEIGHTS_FILE] if apart else []), *texts)]


def _program(model: LanguageModel) -> Any:
    """The graph with its weights, with sizes named batch, time, past and kept where they are free."""
    config, batch, time, past = model.config, *(torch.export.Dim(name) for name in ("batch", "time", "past"))
    names = [name.format(layer) for layer in range(config.layers) for name in _STATE[config.architecture]]
    ids, kept = torch.zeros(2, 3, dtype=torch.int64), 5  # any sizes: the graph is for all
    tokens, step, sizes = {"input_ids": ids}, nn.Module(), {0: batch}
    if config.architecture == "llama":
        step, tokens, sizes = AttentionStep(model), {**tokens, "position_ids": ids + kept}, {0: batch, 2: past}
        states = [(_keys(model, kept), _keys(model, kept)) for _ in range(config.layers)]
    else:
        step = RecurrenceStep(model)
        states = [(state[0], state[1]) for state in model.initial_state(2)]
    with torch.no_grad(), _quiet():
        program: Any = torch.onnx.export(
            step.eval(),
            (*tokens.values(), states),
            dynamo=True,
            verbose=False,
            opset_version=_OPSET,
            input_names=[*tokens, *names],
            output_names=[
                "logits",
                *(f"present{name.removeprefix('past').removeprefix('_key_values')}" for name in names),
            ],
            dynamic_shapes=(*({0: batch, 1: time} for _ in tokens), [(sizes, sizes)] * config.layers),
        )
    if config.architecture == "llama":
        for output in program.model.graph.outputs[1:]:
            output.shape[2] = "kept"  # else a formula of time and past
    return program


def _keys(model: LanguageModel, kept: int) -> Tensor:
    return torch.zeros(2, model.config.key_heads, kept, model.config.head_width)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks about itself and about libraries that are not used here."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
