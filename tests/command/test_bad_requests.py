"""Invalid flags and settings files: one line names the flag and its valid values, and nothing changes on disk."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator

import pytest

from mmrec_engine.settings import FIELDS, value_type
from mmrec_engine.settings.declaration import flag
from tests.command.refusals import all_refused, refused
from tests.conftest import FAST, Command


def values_out_of_range(name: str) -> Iterator[str]:
    """Just outside each limit of a setting, of other types, and empty."""
    kind, rule = value_type(name), FIELDS[name].metadata
    yield ""
    if rule["choices"]:
        yield from ("klingon", rule["choices"][0].upper(), rule["choices"][0] + " ")
    elif kind is int:
        yield from (str(rule["low"] - 1), str(rule["high"] + 1), "ten", "1.5", "nan", "9" * 5000)
    elif kind is float:
        low, high = rule["low"], rule["high"]
        yield str(math.nextafter(low, -math.inf)) if low is not None else str(rule["above"])
        yield str(math.nextafter(high, math.inf)) if high is not None else str(rule["below"])
        yield from ("ten", "nan", "inf", "-1e999")


WITH_VALUE = [name for name in FIELDS if value_type(name) is not bool]


@pytest.mark.first(8)
@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_VALUE)
def test_out_of_range_train_flags_are_refused(command: Command, name: str) -> None:
    all_refused(command, flag(name), [["train", f"{flag(name)}={value}"] for value in values_out_of_range(name)])


@pytest.mark.extended
@pytest.mark.parametrize("name", [name for name in FIELDS if value_type(name) is bool])
def test_switches_accept_no_value(command: Command, name: str) -> None:
    all_refused(command, flag(name), [["train", f"{flag(name)}=maybe"]])


OTHER_FLAGS = {
    "evaluate absent --seq-len": ("0", "1", "2000000", "x", "1.5", ""),
    "evaluate absent --threads": ("0", "1025", "x", ""),
    "evaluate absent --device": ("", "toaster"),
    "evaluate absent --corpus": ("",),
    "evaluate absent --data-dir": ("",),
    "generate absent --tokens": ("0", "-1", "1.5", "x", "", "9" * 30),
    "generate absent --temperature": ("-0.1", "100.1", "hot", "nan", "inf", ""),
    "generate absent --top-k": ("-1", "1.5", "x", ""),
    "generate absent --top-p": ("0", "1.1", "x", "nan", "-inf", ""),
    "generate absent --repetition-penalty": ("0", "101", "nan", "x", ""),
    "generate absent --seed": ("-1", str(2**63), "x", "1.5", ""),
    "find-lr --steps": ("19", "2001", "x", "20.5", ""),
    "find-lr --batch-size": ("0", "x"),
    "find-batch --seconds": ("0.5", "86401", "x", "nan", "inf", ""),
    "find-batch --config": ("gigantic", ""),
    "check before --val-split": ("0", "0.91", "nan", "x"),
    "check before --config": ("gigantic",),
    "configs --vocabulary": ("1", str(10**7 + 1), "x", ""),
}  # fmt: skip


@pytest.mark.first(2)
@pytest.mark.parametrize("words", list(OTHER_FLAGS))
def test_out_of_range_flags_of_other_commands_are_refused(command: Command, words: str) -> None:
    *before, name = words.split()
    all_refused(command, name, [[*before, f"{name}={value}"] for value in OTHER_FLAGS[words]])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("train --epochs", "--epochs needs a value"),
        ("train --dropout 1.0", "nearest valid value"),
        ("train --config gigantic", "tiny, mini, small"),
        ("train --epoch 3", "did you mean --epochs"),
        ("train extra", "extra"),
        ("train --corpus tolstoy", "sample, python-docs, python-code"),
        ("train --data-dir x --use-sample-corpus", "both name a corpus"),
        ("train --data-dir x --corpus sample", "both name a corpus"),
        ("train --corpus sample --use-sample-corpus", "both name a corpus"),
        ("train --settings absent.toml", "absent.toml"),
        ("train --device toaster", "--device toaster"),
        ("train --device cuda:7", "--device cuda:7"),
        ("train --stride 300", "--stride 300"),
        ("train --batch-size 65536 --seq-len 1048576", "tokens in one step"),
        ("train --resume --overwrite", "exclude each other"),
        ("train --resume --name absent", "no run to resume"),
        ("train --remedy lower-learning-rate", "--from RUN"),
        ("train --from absent", "no such run"),
        ("train --from absent --resume", "--from begins a new run"),
        ("train --init-from absent", "no such run"),
        ("train --resume --init-from absent", "absent"),
        ("train --output-dir /proc/nowhere", "cannot write"),
        ("train --encoding klingon --data-dir .", "klingon"),
        ("train --encoding rot13 --data-dir .", "rot13"),
        ("train --encoding undefined --data-dir .", "undefined"),
        ("evaluate absent", "no such run"),
        ("evaluate", "CHECKPOINT is missing"),
        ("evaluate absent --data-dir x --corpus sample", "both name a corpus"),
        ("evaluate absent --batch-size 3", "--batch-size"),
        ("generate absent --prompt x", "no such run"),
        ("generate", "CHECKPOINT is missing"),
        ("generate absent extra", "extra"),
        ("export absent out", "no such run"),
        ("export absent", "DIR is missing"),
        ("check after absent", "no such run"),
        ("check after", "RUN is missing"),
        ("check around", "around"),
        ("check before --data-dir absent", "no such file"),
        ("find-lr --data-dir absent", "no such file"),
        ("find-batch --data-dir absent", "no such file"),
        ("watch absent", "no such run"),
        ("watch", "no run is live"),
        ("watch a b", "b"),
        ("runs extra", "extra"),
        ("guide nothing-of-it", "nothing-of-it"),
        ("dance", "no such command: dance; `mmrec-tui --help`"),
        ("trian", "no such command: trian, did you mean train?; `mmrec-tui --help`"),
        ("check befor", "did you mean check before?"),
        ("report", "did you mean check after?"),
        ("check", "error: before|after is missing; see `mmrec-tui check --help`"),
        ("train --data-dir", "--data-dir needs a value; see `mmrec-tui train --help`"),
        ("check before --data-dir", "--data-dir needs a value; see `mmrec-tui check before --help`"),
        ("train --time -5", "--time must be >= 5, <= 10000000, not -5; the nearest valid value is 5"),
        ("train --learning-rate 0,001", "--learning-rate 0,001: the decimal point is a dot here: 0.001"),
        ("train --learning-rate 3,5e-4", "--learning-rate 3,5e-4: the decimal point is a dot here: 3.5e-4"),
        ("train --time 2,5m", "the decimal point is a dot here: 2.5m"),
        ("train --max-corpus-bytes 1,5GB", "the decimal point is a dot here: 1.5GB"),
        ("train --max-steps 100.000", "digits are not grouped here: 100000"),
        ("train --max-steps 1,000", "digits are not grouped here: 1000"),
        ("train --max-steps 1,5", "a whole number"),
        ("generate absent --temperature 0,5", "the decimal point is a dot: 0.5"),
        ("generate absent --seed x", "in 0 … 9223372036854775807"),
        ("--lang xx configs", "en, tr"),
        ("", "mmrec-tui train"),
    ],
)  # fmt: skip
def test_invalid_requests_are_code_2(command: Command, words: str, told: str) -> None:
    assert told in refused(command, *words.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("report", "böyle bir komut yok: report (şunu mu demek istediniz: check after?); `mmrec-tui --help`"),
        ("train --learning-rate 0,001", "--learning-rate 0,001: burada ondalık ayırıcı noktadır: 0.001"),
        ("plan --time soon", "örneğin 90sn, 10dk ya da 2sa"),
        ("export absent", "KLASÖR eksik"),
    ],
)
def test_a_refusal_is_entirely_in_the_language(command: Command, words: str, told: str) -> None:
    result = command("--lang", "tr", *words.split())
    assert result.code == 2
    assert told in result.err


@pytest.mark.parametrize(
    "name", ["train --name", "evaluate", "generate", "watch", "export", "check after", "train --from"]
)
def test_too_long_names_are_refused(command: Command, name: str) -> None:
    more = ["out"] if name == "export" else []
    assert "xxx" in refused(command, *name.split(), "x" * 5000, *more)


@pytest.mark.parametrize(
    "name",
    ["a/b", "..", ".", ".hidden", "", " ", "x" * 201, "ş" * 101, "a\nb", "a\tb", "a\x1b[31mb", "a\x9bb", "a\u202eb", "a\\b",
     os.fsdecode(b"yaz\xfd"), "-x"],
)  # fmt: skip
def test_names_that_are_not_folder_names_are_refused(command: Command, name: str) -> None:
    told = refused(command, "train", f"--name={name}", *FAST)
    assert "--name" in told
    assert told.isprintable()


def test_output_folder_that_is_a_file_is_refused(command: Command) -> None:
    (command.folder / "file").write_text("precious")
    for place in ("file", "file/below", "/dev/null", "x" * 300):
        assert "cannot write there" in refused(command, "train", "--output-dir", place, *FAST)


def test_run_folder_that_is_a_file_is_refused(command: Command) -> None:
    (command.folder / "checkpoints").mkdir()
    command.run_folder().write_text("precious")
    for flags in ([], ["--overwrite"], ["--resume"]):
        refused(command, "train", *FAST, *flags)


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        (b"epochs = 'ten'", "whole number"),
        (b"epochs = 2.5", "whole number"),
        (b"epochs = 1979-05-27", "whole number"),
        (b"epochs = true", "whole number"),
        (b"epochs = {a = 1}", "whole number"),
        (b"epochs = [1]", "whole number"),
        (b"learning_rate = nan", "--learning-rate"),
        (b"learning_rate = inf", "--learning-rate"),
        (b"learning_rate = -1e999", "--learning-rate"),
        (b"learning_rate = '3e-4 '", "--learning-rate"),
        (b"dropout = [0.1]", "--dropout"),
        (b"val_split = false", "--val-split"),
        (b"epoch = 3", "did you mean epochs"),
        (b"'--epochs' = 3", "epochs"),
        (b"\"a\\u001b[31m\" = 3", "no setting"),
        (b"[training]\nepochs = 3", "training"),
        (b"save_best_model = 1", "true or false"),
        (b"save_best_model = 'true'", "true or false"),
        (b"config = 3", "--config"),
        (b"config = 'gigantic'", "tiny, mini, small"),
        (b"data_dir = ['a']", "--data-dir"),
        (b"data_dir = ''", "--data-dir"),
        (b"data_dir = \"a\\u0000b\"", "--data-dir"),
        (b"name = '../up'", "--name"),
        (b"= 3", "not valid TOML"),
        (b"epochs = 3\nepochs = 4", "not valid TOML"),
        (b"seed = 99999999999999999999999", "--seed"),
        (b"seed = " + b"9" * 9999, "not valid TOML"),
        (b"seed = -1", "--seed"),
        (b"seq_len = " + b"[" * 99_999, "not valid TOML"),
        (b"name = 'yaz\xfd'", "not valid TOML"),
        (b"name = 'a\x1b[31m'", "not valid TOML"),
        (b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)), "not valid TOML"),
        ("epochs = 3".encode("utf-16"), "not valid TOML"),
    ],
)  # fmt: skip
def test_invalid_settings_files_are_refused(command: Command, toml: bytes, told: str) -> None:
    (command.folder / "s.toml").write_bytes(toml)
    line = refused(command, "train", "--settings", "s.toml")
    assert told in line
    assert line.isprintable()


def test_folder_as_settings_file_is_refused(command: Command) -> None:
    (command.folder / "s.toml").mkdir()
    for name in ("train", "check before", "find-lr", "find-batch"):
        assert "s.toml: cannot read the file (Is a directory)" in refused(
            command, *name.split(), "--settings", "s.toml"
        )
    assert "--settings" in refused(command, "train", "--settings", "")
    assert "--settings" in refused(command, "train", "--settings", "x" * 5000)


def test_errors_are_available_in_turkish(command: Command) -> None:
    told = command("train", "--lang", "tr", "--epochs", "0").err
    assert told.startswith("hata: --epochs şu aralıkta olmalı")
    assert (
        "böyle bir seçenek yok: --epoch (şunu mu demek istediniz: --epochs?)"
        in command("--lang", "tr", "train", "--epoch", "3").err
    )
