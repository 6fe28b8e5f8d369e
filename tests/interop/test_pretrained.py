"""Pretrained models read from folders of transformers and from GGUF files, against the library's own results."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.generation import Sampling, continue_all
from mmrec_engine.evaluation.trained_model import Trained, load_trained
from mmrec_engine.interop.gguf_file import export_to_gguf
from mmrec_engine.interop.transformers_folder import export_to_transformers
from mmrec_engine.pretrained.pre_tokenizers import PRE_TOKENIZERS
from mmrec_engine.tokenizer import tokenizer_from_dict
from tests.pretrained_models import folder_of

Change = Callable[[dict[str, Any]], None]

SHAPES: list[dict[str, Any]] = [
    {
        "num_key_value_heads": 2,
        "tie_word_embeddings": True,
        "rope_parameters": {"rope_type": "default", "rope_theta": 5e5},
    },
    {"head_dim": 32, "rms_norm_eps": 1e-3, "intermediate_size": 192},
]


def logits_of(folder: Path, ids: torch.Tensor) -> torch.Tensor:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        logits: torch.Tensor = model(ids).logits
    return logits


def own_logits(trained: Trained, ids: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return trained.model(ids)


@pytest.mark.parametrize("shape", SHAPES)
def test_logits_and_ids_of_a_folder_are_those_of_transformers(
    tmp_path: Path, prose: str, shape: dict[str, Any]
) -> None:
    from transformers import AutoTokenizer

    folder = folder_of(tmp_path / "llama", prose, **shape)
    trained, tokenizer = load_trained(f"hf:{folder}"), AutoTokenizer.from_pretrained(folder)
    ids = torch.arange(60).view(2, 30) * 5 % 300
    assert (own_logits(trained, ids) - logits_of(folder, ids)).abs().max() < 1e-4
    assert own_logits(trained, ids).std() > 0.05
    state, pieces = trained.model.initial_state(2), []
    with torch.no_grad():
        for part in ids.split([1, 9, 20], dim=1):
            logits, state = trained.model.advance(part, state)
            pieces.append(logits)
    assert (torch.cat(pieces, dim=1) - logits_of(folder, ids)).abs().max() < 1e-4
    for text in (prose, "In 1984, it's\n\n\n  naïve — 🙂 ok\t.", "", " leading"):
        ours = trained.tokenizer.encode(text).tolist()
        assert ours == tokenizer(text, add_special_tokens=False)["input_ids"]
        assert trained.tokenizer.decode(ours) == text
    assert trained.tokenizer.end_of_document == tokenizer.eos_token_id
    assert trained.tokenizer.encode("<|end|>").tolist() != [tokenizer.eos_token_id]  # text, not the end of a document


def test_long_text_has_the_same_ids_in_parts(tmp_path: Path, prose: str) -> None:
    tokenizer = load_trained(f"hf:{folder_of(tmp_path / 'llama', prose)}").tokenizer
    text = (prose + "\n\n\n 12 34\n") * (300_000 // len(prose))
    assert np.array_equal(tokenizer.encode(text), tokenizer.ids(tokenizer.numbers([text])))  # type: ignore[attr-defined]


@pytest.mark.parametrize("shape", SHAPES)
def test_exports_of_a_pretrained_model_read_again_have_the_same_logits(
    tmp_path: Path, prose: str, shape: dict[str, Any]
) -> None:
    folder = folder_of(tmp_path / "llama", prose, **shape)
    trained = load_trained(f"hf:{folder}")
    ids = torch.tensor([trained.tokenizer.encode(prose[:200]).tolist()])
    expected = logits_of(folder, ids)
    export_to_transformers(trained, tmp_path / "hf")
    assert (logits_of(tmp_path / "hf", ids) - expected).abs().max() < 1e-4
    (file,) = export_to_gguf(trained, tmp_path / "gguf")
    for name in (f"hf:{tmp_path / 'hf'}", str(file)):
        again = load_trained(name)
        assert again.model.config == trained.model.config
        assert (own_logits(again, ids) - expected).abs().max() < 1e-4
        assert again.tokenizer.encode(prose).tolist() == trained.tokenizer.encode(prose).tolist()
        assert again.tokenizer.end_of_document == trained.tokenizer.end_of_document
        assert list(again.tokenizer.silent) == list(trained.tokenizer.silent)


def test_gguf_export_of_a_pretrained_model_is_read_by_llama_cpp(tmp_path: Path, prose: str) -> None:
    llama_cpp = pytest.importorskip("xllamacpp")
    trained = load_trained(f"hf:{folder_of(tmp_path / 'llama', prose, scale=3.0)}")
    (file,) = export_to_gguf(trained, tmp_path / "gguf")
    parameters = llama_cpp.CommonParams()
    parameters.model.path, parameters.n_ctx, parameters.n_parallel, parameters.warmup = str(file), 256, 1, False
    parameters.cache_type_k = parameters.cache_type_v = 0
    ids = torch.tensor([trained.tokenizer.encode("The water is 12").tolist()])
    drawn = continue_all(trained.model, ids, trained.tokenizer.silent, 12, Sampling(temperature=0))
    expected = trained.tokenizer.decode(index for (index,) in drawn)
    silent = [[index, False] for index in trained.tokenizer.silent]
    asked = {
        "prompt": "The water is 12",
        "n_predict": 12,
        "temperature": 0,
        "top_k": 1,
        "ignore_eos": True,
        "logit_bias": silent,
    }
    answer = llama_cpp.Server(parameters).handle_completions(asked)
    answer = answer if isinstance(answer, dict) else json.loads(answer)
    assert answer["choices"][0]["text"] == expected


@pytest.mark.parametrize("tokenizer", ["char", "bpe", "sentencepiece"])
def test_exports_of_own_runs_are_read_as_pretrained_models(
    made: Callable[..., Trained], tmp_path: Path, prose: str, tokenizer: str
) -> None:
    trained = made("llama", tokenizer, kv_heads=2)
    export_to_transformers(trained, tmp_path / "hf")
    again = load_trained(f"hf:{tmp_path / 'hf'}")
    ids = torch.tensor([trained.tokenizer.encode(prose[:60]).tolist()])
    assert (own_logits(again, ids) - own_logits(trained, ids)).abs().max() < 1e-5
    for text in (prose[:5000], " two  spaces\n", "naïve 🙂"):
        assert again.tokenizer.encode(text).tolist() == trained.tokenizer.encode(text).tolist()
        assert again.tokenizer.decode(trained.tokenizer.encode(text)) == trained.tokenizer.decode(
            trained.tokenizer.encode(text)
        )
    assert again.tokenizer.unknown == trained.tokenizer.unknown
    assert list(again.tokenizer.silent) == list(trained.tokenizer.silent)


def test_sharded_weights_are_read_through_their_index(tmp_path: Path, prose: str) -> None:
    whole, sharded = (
        folder_of(tmp_path / "whole", prose),
        folder_of(tmp_path / "sharded", prose, max_shard_size="100KB"),
    )
    assert len(list(sharded.glob("*.safetensors"))) > 1
    ids = torch.arange(20).view(1, 20)
    assert torch.equal(own_logits(load_trained(f"hf:{whole}"), ids), own_logits(load_trained(f"hf:{sharded}"), ids))


def test_stored_tokenizer_needs_no_source_and_a_larger_vocabulary_has_silent_ids(tmp_path: Path, prose: str) -> None:
    trained = load_trained(f"hf:{folder_of(tmp_path / 'llama', prose, vocab_size=330)}")
    tokenizer = tokenizer_from_dict(json.loads(json.dumps(trained.tokenizer.to_dict())))
    shutil.rmtree(tmp_path / "llama")
    assert tokenizer.vocab_size == 330
    assert tokenizer.encode(prose).tolist() == trained.tokenizer.encode(prose).tolist()
    assert {0, 1, 329} <= set(tokenizer.silent)
    assert tokenizer.decode([0, 329, *tokenizer.encode("word")]) == "word"


def _with(name: str, value: object) -> Change:
    return lambda config: config.update({name: value})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_with("rope_scaling", {"rope_type": "yarn", "factor": 4.0}), "rope_scaling"),
        (_with("rope_parameters", {"rope_type": "llama3", "rope_theta": 1e4}), "rope_parameters"),
        (_with("attention_bias", True), "attention_bias"),
        (_with("mlp_bias", True), "mlp_bias"),
        (_with("hidden_act", "gelu"), "hidden_act"),
        (_with("sliding_window", 16), "sliding_window"),
        (_with("quantization_config", {"bits": 4}), "quantization_config"),
        (_with("model_type", "qwen2"), "qwen2"),
        (_with("hidden_size", None), "hidden_size|config.json|read"),
        (_with("num_attention_heads", 3), "cannot be read"),
        (_with("intermediate_size", 97), "cannot be read"),
        (_with("num_hidden_layers", 3), "lacks the tensor model.layers.2"),
        (_with("num_hidden_layers", 1), "a tensor model.layers.1"),
        (_with("vocab_size", 100), "tokenizer|vocab"),
    ],
)
def test_folder_of_another_shape_is_refused_with_the_attribute(
    llama_folder: Path, tmp_path: Path, change: Change, named: str
) -> None:
    folder = shutil.copytree(llama_folder, tmp_path / "changed")
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(RequestError, match=named) as refused:
        load_trained(f"hf:{folder}")
    assert "\n" not in str(refused.value)
    assert str(folder) in str(refused.value)


def test_pickled_weights_paths_out_of_the_folder_and_code_are_refused(llama_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(llama_folder, tmp_path / "hostile")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModelForCausalLM": "evil.Evil"}}))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    load_trained(f"hf:{folder}")
    weights = folder / "model.safetensors"
    index = folder / "model.safetensors.index.json"
    for outside in ("../whole/model.safetensors", "/etc/passwd", "sub/model.safetensors"):
        index.write_text(json.dumps({"weight_map": {"lm_head.weight": outside}}))
        with pytest.raises(RequestError, match="no file name within the folder"):
            load_trained(f"hf:{folder}")
    index.write_text(json.dumps({"weight_map": {"lm_head.weight": "pytorch_model.bin"}}))
    with pytest.raises(RequestError, match="safetensors"):
        load_trained(f"hf:{folder}")
    index.unlink()
    weights.rename(folder / "pytorch_model.bin")
    with pytest.raises(RequestError, match=r"pytorch_model\.bin is pickled.*safetensors"):
        load_trained(f"hf:{folder}")
    weights.write_bytes(b"no weights")
    with pytest.raises(RequestError, match="cannot be read"):
        load_trained(f"hf:{folder}")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"model": {"type": "WordPiece"}}'])
def test_unusable_tokenizer_is_refused(llama_folder: Path, tmp_path: Path, text: str) -> None:
    folder = shutil.copytree(llama_folder, tmp_path / "changed")
    (folder / "tokenizer.json").write_text(text)
    with pytest.raises(RequestError, match="tokenizer"):
        load_trained(f"hf:{folder}")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(RequestError, match=r"tokenizer\.json is missing"):
        load_trained(f"hf:{folder}")


def test_files_that_are_no_gguf_and_other_contents_are_refused(llama_folder: Path, tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf")
    file = tmp_path / "model.gguf"
    with pytest.raises(RequestError, match="no such model"):
        load_trained(str(file))
    for content in (b"", b"GGUF", b"GGUF" + bytes(40), b"text"):
        file.write_bytes(content)
        with pytest.raises(RequestError, match="cannot be read"):
            load_trained(str(file))
    trained = load_trained(f"hf:{llama_folder}")
    (whole,) = export_to_gguf(trained, tmp_path / "whole")
    file.write_bytes(whole.read_bytes()[:-4000])
    with pytest.raises(RequestError, match="cannot be read"):
        load_trained(str(file))

    def written(architecture: str = "llama", pre: str = "gpt-2", scaling: str = "none") -> str:
        writer = gguf.GGUFWriter(str(file), architecture)
        for add, value in ((writer.add_embedding_length, 8), (writer.add_block_count, 1), (writer.add_head_count, 1),
                           (writer.add_feed_forward_length, 8), (writer.add_layer_norm_rms_eps, 1e-5),
                           (writer.add_context_length, 8), (writer.add_tokenizer_pre, pre),
                           (writer.add_tokenizer_model, "gpt2"), (writer.add_token_list, ["a", "b"])):  # fmt: skip
            add(value)
        writer.add_rope_scaling_type(gguf.RopeScalingType(scaling))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        with pytest.raises(RequestError) as refused:
            load_trained(str(file))
        return str(refused.value)

    assert "type qwen2" in written("qwen2")
    assert "deepseek-llm" in written(pre="deepseek-llm")
    assert "rope.scaling.type yarn" in written(scaling="yarn")


def test_id_of_the_hub_is_read_from_its_cache_and_offline_is_one_line(
    llama_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = pytest.importorskip("huggingface_hub")
    commit = "0" * 40
    model = tmp_path / "models--some--llama"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text(commit)
    (model / "blobs").mkdir()
    (model / "snapshots" / commit).mkdir(parents=True)
    for number, path in enumerate(sorted(llama_folder.iterdir())):
        shutil.copy(path, model / "blobs" / str(number))
        (model / "snapshots" / commit / path.name).symlink_to(f"../../blobs/{number}")
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)
    ids = torch.arange(20).view(1, 20)
    expected = own_logits(load_trained(f"hf:{llama_folder}"), ids)
    assert torch.equal(own_logits(load_trained("hf:some/llama"), ids), expected)
    for name in ("hf:some/other", "hf:some/llama@other", "hf:no such/thing", "hf:../up", "hf:"):
        with pytest.raises(RequestError) as refused:
            load_trained(name)
        assert "\n" not in str(refused.value)
        assert name in str(refused.value)


def test_model_larger_than_memory_is_refused_before_its_weights_are_read(
    llama_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mmrec_engine.pretrained.source.available_bytes", lambda: 400_000)
    with pytest.raises(RequestError, match="GiB in float32"):
        load_trained(f"hf:{llama_folder}")


def test_each_pre_tokenizer_of_llama_cpp_is_accepted_by_the_library() -> None:
    tokenizers = pytest.importorskip("tokenizers")
    for described in PRE_TOKENIZERS.values():
        empty = {"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}, "pre_tokenizer": described}
        library = tokenizers.Tokenizer.from_str(json.dumps(empty))
        words = [word for word, _ in library.pre_tokenizer.pre_tokenize_str("It's 1234\n\n ok")]
        assert "".join(words).replace("Ġ", " ").replace("Ċ", "\n") == "It's 1234\n\n ok"
