"""What no export can do is refused in one line, with nothing written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.trained_model import Trained
from mmrec_engine.interop.gguf_file import export_to_gguf
from mmrec_engine.interop.onnx_folder import export_to_onnx
from mmrec_engine.settings.model_config import Architecture

Make = Callable[..., Trained]


@pytest.mark.parametrize(
    ("export", "refused_architecture", "architecture", "extra"),
    [(export_to_gguf, "mmrec", "llama", "gguf"), (export_to_onnx, "gpt", "mmrec", "onnx")],
)
def test_other_architectures_and_a_missing_library_are_refused_in_one_line(
    export: Callable[[Trained, Path], list[Path]],
    refused_architecture: Architecture,
    architecture: Architecture,
    extra: str,
    made: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(RequestError) as refused:
        export(made(refused_architecture), tmp_path / "out")
    assert refused.value.key == "export-architecture"

    def without(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("mmrec_engine.system.optional_dependencies.importlib.import_module", without)
    with pytest.raises(RequestError) as refused:
        export(made(architecture), tmp_path / "out")
    assert refused.value.key == "extra-missing"
    assert f"[{extra}]" in str(refused.value)
    assert not (tmp_path / "out").exists()
