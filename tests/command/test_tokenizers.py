"""Learnt tokenizers, from the text to a model that generates, by the installed command."""

import json
import math
import shutil
from pathlib import Path

import pytest

from mmrec_engine.data.sources.builtin import sample_folder
from mmrec_engine.system.optional_dependencies import install_command
from tests.command.faults import assert_a_killed_run_ends_the_same, planted
from tests.conftest import FAST, QUICK, Command, events_of

KINDS = ("bpe", "sentencepiece")
SMALL = ["--vocab-size", 400, "--max-steps", 20, "--eval-every", 10]


@pytest.fixture
def longer_text(command: Command) -> Path:
    path = command.folder.parent / "text.txt"
    path.write_text("\n".join(one.read_text(encoding="utf-8") for one in sorted(sample_folder().glob("*-s*.txt"))))
    return path


@pytest.mark.first(1)
@pytest.mark.parametrize("kind", KINDS)
def test_subword_model_trains_and_generates(command: Command, longer_text: Path, kind: str) -> None:
    trained = command("train", "--data-dir", longer_text, *QUICK, *SMALL, "--tokenizer", kind, "--json")
    assert trained.code == 0, trained.err
    assert f"{kind}: " in trained.err and "characters per token" in trained.err
    folder = command.run_folder()
    described = json.loads((folder / "run.json").read_text())
    corpus = described["corpus"]
    assert corpus["tokenizer"] == kind
    assert corpus["vocabulary"] in (400, 401)
    assert 1.5 < corpus["train_characters"] / corpus["train_tokens"] < 6
    statuses = {event["finding"]["id"]: event["finding"]["status"] for event in events_of(folder) if "finding" in event}
    assert statuses["round-trip"] == statuses["unknown-characters"] == statuses["reload-same"] == "pass"
    assert "fail" not in statuses.values()
    assert "error" not in statuses.values()

    best = trained.json["best"]
    evaluated = command("evaluate", "tiny", "--json")
    assert evaluated.code == 0, evaluated.err
    assert evaluated.json["loss"] == pytest.approx(best["loss"], abs=1e-5)
    bits = best["loss"] * (corpus["validation_tokens"] - 1) / ((corpus["validation_characters"] - 1) * math.log(2))
    assert evaluated.json["bits_per_character"] == pytest.approx(bits, rel=1e-4)
    assert best["bits_per_character"] == pytest.approx(bits, rel=1e-4)

    elsewhere = command("evaluate", "tiny", "--corpus", "python-docs", "--json")
    assert elsewhere.code == 0, elsewhere.err
    assert 3 < elsewhere.json["bits_per_character"] < 30

    written = command("generate", "tiny", "--prompt", "Bir gün 😀", "--tokens", 40, "--json")
    assert written.code == 0, written.err
    assert written.json["tokens"] == 40
    assert "vocabulary" not in written.err
    exported = command("export", "tiny", "out")
    assert exported.code == 0, exported.err
    again = command("generate", "out", "--prompt", "Bir gün 😀", "--tokens", 40, "--json")
    assert again.json["text"] == written.json["text"]
    assert command("generate", "tiny", "--prompt", "").code == 0


@pytest.mark.fault
@pytest.mark.extended
def test_killed_run_resumes_with_the_same_subwords(command: Command, longer_text: Path) -> None:
    flags = ["train", "--data-dir", longer_text, *FAST, *SMALL, "--tokenizer", "sentencepiece", "--checkpoint-every", 5]
    assert_a_killed_run_ends_the_same(command, flags, 12)


@pytest.mark.extended
def test_follow_up_run_keeps_weights_and_subwords(command: Command, longer_text: Path) -> None:
    flags = ["train", "--data-dir", longer_text, *FAST, *SMALL, "--tokenizer", "bpe"]
    assert command(*flags).code == 0
    best = command.run_folder() / "best_model.pt"
    assert command(*flags, "--name", "further", "--init-from", best).code == 0
    refused = command(*flags, "--vocab-size", 300, "--name", "other", "--init-from", best)
    assert refused.code == 2


def test_too_small_vocabulary_is_code_2_and_names_the_minimum(command: Command, longer_text: Path) -> None:
    before = command.everything_on_disk()
    result = command("train", "--data-dir", longer_text, *FAST, "--tokenizer", "bpe", "--vocab-size", 100)
    assert result.code == 2
    assert "--vocab-size 100" in result.err.splitlines()[-1]
    assert "256" in result.err.splitlines()[-1]
    result = command("train", "--data-dir", longer_text, *FAST, "--tokenizer", "sentencepiece", "--vocab-size", 100)
    assert result.code == 2
    assert "at least 3" in result.err.splitlines()[-1]
    assert command.everything_on_disk() == before


@pytest.mark.extended
@pytest.mark.parametrize(("kind", "library"), [("bpe", "tokenizers"), ("sentencepiece", "sentencepiece")])
def test_missing_library_error_names_the_install_command(
    command: Command, longer_text: Path, kind: str, library: str
) -> None:
    flags = ["train", "--data-dir", longer_text, *FAST, *SMALL, "--tokenizer", kind]
    gone = planted(code=f"import sys; sys.modules[{library!r}] = None")
    before = command.everything_on_disk()
    result = command(*flags, **gone)
    assert result.code == 2
    assert result.err.splitlines()[-1].endswith(install_command("tokenizers"))
    assert command.everything_on_disk() == before
    assert command(*flags).code == 0
    for words in (
        ["generate", "tiny", "--prompt", "a"],
        ["evaluate", "tiny"],
        ["train", "--resume", "--max-steps", 30],
    ):
        result = command(*words, **gone)
        assert result.code == 2, words
        assert install_command("tokenizers") in result.err
        assert "damaged" not in result.err


@pytest.mark.extended
def test_run_keeps_its_subwords_with_another_library_version(command: Command, longer_text: Path) -> None:
    """As another version of the library may: ids of one vocabulary have no meaning in another."""
    flags = ["train", "--data-dir", longer_text, *FAST, *SMALL, "--tokenizer", "bpe", "--checkpoint-every", 10]
    assert command(*flags).code == 0
    told = command("evaluate", "tiny", "--json").json
    shutil.rmtree(command.environment["XDG_CACHE_HOME"])
    changed = (
        "true = module.trainers.BpeTrainer\n"
        "module.trainers.BpeTrainer = lambda **asked: true(**asked | {'min_frequency': 10**9})"
    )
    other = planted(after="tokenizers", code=changed)
    assert command("evaluate", "tiny", "--json", **other).json["loss"] == told["loss"]
    resumed = command("train", "--resume", "--max-steps", 30, "--json", **other)
    assert (resumed.code, resumed.json["steps"]) == (0, 30), resumed.err
    shutil.rmtree(command.environment["XDG_CACHE_HOME"])
    anew = command(*flags, "--name", "anew", "--json", **other)
    assert anew.code == 0, anew.err
    described = [json.loads((command.run_folder(name) / "run.json").read_text()) for name in ("tiny", "anew")]
    assert described[0]["corpus"]["vocabulary"] != described[1]["corpus"]["vocabulary"], "the library learns other ones"


# The pattern of an earlier version, which cut words of many scripts at their marks.
_EARLIER = planted(
    after="mmrec_engine.tokenizer.bpe",
    code=r"""
module._WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
module.BytePairTokenizer.rules = 1
""",
)


def test_run_of_an_earlier_version_resumes_with_its_subwords(command: Command) -> None:
    """Its folder has no record of the split, and nothing of its text is prepared any more."""
    hindi = "हिन्दी में किताब की कहानी पढ़ने वाले बच्चे बहुत खुश थे और उन्होंने अपने मित्रों को भी सुनाई। "
    text = command.folder / "hindi.txt"
    text.write_text("\n".join(hindi[number % 40 :] for number in range(200)), encoding="utf-8")
    flags = ["train", "--data-dir", text, *FAST, *SMALL, "--tokenizer", "bpe", "--checkpoint-every", 10]
    whole = command(*flags, "--max-steps", 30, "--name", "whole", **_EARLIER)
    assert whole.code == 0, whole.err
    assert command(*flags, "--max-steps", 10, "--name", "old", **_EARLIER).code == 0
    folder = command.run_folder("old")
    (folder / "split.npz").unlink()
    described = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    del described["corpus"]["split"]
    (folder / "run.json").write_text(json.dumps(described), encoding="utf-8")
    shutil.rmtree(command.environment["XDG_CACHE_HOME"])
    resumed = command("train", "--resume", "--name", "old", "--max-steps", 30, "--json")
    assert resumed.code == 0, resumed.err
    losses = {
        name: [event["loss"] for event in events_of(command.run_folder(name)) if event["event"] == "step"][:10]
        for name in ("old", "whole")
    }
    assert losses["old"] == losses["whole"]
    after = json.loads((folder / "run.json").read_text(encoding="utf-8"))["corpus"]
    assert (after["vocabulary"], after["train_tokens"]) == (
        described["corpus"]["vocabulary"],
        described["corpus"]["train_tokens"],
    )
    assert command("evaluate", "old").code == 0
    anew = command(*flags, "--name", "anew")
    assert anew.code == 0, anew.err
    tokens = json.loads((command.run_folder("anew") / "run.json").read_text(encoding="utf-8"))["corpus"]["train_tokens"]
    assert tokens < 0.7 * after["train_tokens"], "a new run has the pattern of today"
