import math
from pathlib import Path

import pytest

from mmrec_engine.errors import RequestError
from mmrec_engine.settings import FIELDS, Settings, read_settings_file, resolve
from mmrec_engine.settings.declaration import check
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.settings.pretrained import shape_text


def test_defaults_match_the_guide() -> None:
    settings = Settings()
    assert (settings.config, settings.epochs, settings.batch_size, settings.seq_len) == ("tiny", 10, 4, 256)
    assert (settings.val_split, settings.early_stopping_patience, settings.save_best_model) == (0.1, 5, True)
    assert (settings.learning_rate, settings.warmup_steps, settings.weight_decay) == (3e-4, 100, 0.1)
    assert (settings.grad_clip, settings.dropout, settings.schedule, settings.optimizer) == (
        1.0,
        0.1,
        "cosine",
        "adamw",
    )


def test_flag_overrides_file_overrides_recipe_and_source_is_known() -> None:
    resolved = resolve({"batch_size": "8", "recipe": "fast"}, {"batch_size": 2, "dropout": 0.3})
    assert resolved.settings.batch_size == 8
    assert resolved.settings.dropout == 0.3
    assert resolved.settings.learning_rate == 0.04
    names = ("batch_size", "dropout", "learning_rate", "epochs")
    assert [resolved.sources[name] for name in names] == ["hand", "file", "recipe", "default"]


def test_corpus_flag_replaces_the_corpus_of_the_file() -> None:
    settings = resolve({"data_dir": "text"}, {"corpus": "python-docs"}).settings
    assert (settings.data_dir, settings.corpus) == ("text", None)


def test_max_steps_alone_is_the_only_limit() -> None:
    assert resolve({"max_steps": "50"}).settings.epochs is None
    assert resolve({"max_steps": "50", "epochs": "3"}).settings.epochs == 3


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("epochs", "0", "--epochs must be >= 1, <= 1000000"),
        ("epochs", "2.5", "whole number"),
        ("epochs", True, "whole number"),
        ("dropout", "1", "--dropout"),
        ("dropout", "nan", "nearest"),
        ("learning_rate", "inf", "--learning-rate"),
        ("learning_rate", "-1e-3", "--learning-rate"),
        ("learning_rate", "fast", "a number"),
        ("val_split", "1", "--val-split"),
        ("config", "huge", "tiny, mini"),
        ("arch", "lstm", "mmrec, llama, gpt"),
        ("save_best_model", "yes", "true or false"),
        ("seed", "99999999999999999999", "--seed"),
        ("batch_size", "9" * 5000, "whole number"),
        ("seq_len", "1", "--seq-len"),
        ("name", "../elsewhere", "folder name"),
        ("name", ".hidden", "folder name"),
        ("name", "a\nb", "folder name"),
        ("data_dir", 5, "takes text"),
    ],
)
def test_invalid_value_is_refused_with_its_flag(name: str, value: object, told: str) -> None:
    with pytest.raises(RequestError) as refused:
        resolve({name: value})
    assert told in str(refused.value)
    assert "\n" not in str(refused.value).replace("a\nb", "")


@pytest.mark.parametrize(
    ("bound", "outwards", "inclusive"),
    [("low", -math.inf, True), ("high", math.inf, True), ("above", -math.inf, False), ("below", math.inf, False)],
)
def test_limit_is_valid_if_inclusive_and_what_lies_beyond_is_refused(
    bound: str, outwards: float, inclusive: bool
) -> None:
    limited = [item for item in FIELDS.values() if item.metadata[bound] is not None]
    assert limited
    for item in limited:
        limit = item.metadata[bound]
        valid, invalid = (
            (limit, math.nextafter(limit, outwards)) if inclusive else (math.nextafter(limit, -outwards), limit)
        )
        check(item, valid)
        with pytest.raises(RequestError, match=f"--{item.name.replace('_', '-')} must be"):
            check(item, invalid)


def test_evaluations_no_longer_than_a_pretrained_model_reads() -> None:
    shape = shape_text(ModelConfig("llama", 320, 64, 2, 4, 128, kv_heads=2, tied=True))
    pretrained = {
        "config": "pretrained",
        "tokenizer": "pretrained",
        "arch": "llama",
        "init_from": "hf:model",
        "shape": shape,
    }
    assert resolve({**pretrained, "seq_len": 32, "eval_seq_len": 128}).settings.evaluated_length == 128
    assert resolve({"seq_len": 32}).settings.evaluated_length == 32, "as training, where no other length is given"
    with pytest.raises(RequestError, match=r"--eval-seq-len 129 .* at most 128"):
        resolve({**pretrained, "seq_len": 32, "eval_seq_len": 129})


def test_impossible_combinations_are_refused_with_the_nearest_possible() -> None:
    with pytest.raises(RequestError, match="use at most 64"):
        resolve({"seq_len": 64, "stride": 65})
    with pytest.raises(RequestError, match="--accumulate"):
        resolve({"seq_len": 1_000_000, "batch_size": 1000})
    with pytest.raises(RequestError, match="both name a corpus"):
        resolve({"data_dir": "x", "use_sample_corpus": True})


def test_settings_made_in_python_are_validated() -> None:
    for wrong in ({"batch_size": 2.5}, {"epochs": "3"}, {"epochs": None}):
        with pytest.raises(RequestError):
            Settings(**wrong)  # type: ignore[arg-type]


def test_unknown_key_error_suggests_the_likeliest_one() -> None:
    with pytest.raises(RequestError, match="did you mean epochs"):
        resolve({"epoch": 3})


def test_settings_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("epochs = = 3")
    with pytest.raises(RequestError, match="not valid TOML"):
        read_settings_file(path)
    with pytest.raises(RequestError, match="cannot read"):
        read_settings_file(tmp_path / "absent.toml")
