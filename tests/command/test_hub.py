"""Data sets by the installed command: every format through the library's own calls, interrupted, limited, wrong,
unreachable."""

import json
import time
from pathlib import Path

import datasets
import pytest

from mmrec_engine.system.optional_dependencies import install_command
from tests.command.faults import fault, one_line_of, planted
from tests.conftest import FAST, Command, events_of, extended
from tests.fork_server import ForkServer

SHORT = [*FAST, "--max-steps", 3]
ROWS = 300


@pytest.fixture
def rows() -> datasets.Dataset:
    return some_rows()


def some_rows() -> datasets.Dataset:
    texts = [f"Story {number}. " + "Once upon a time there was a tree by the water. " * 6 for number in range(ROWS)]
    return datasets.Dataset.from_dict({"text": texts, "number": list(range(ROWS))})


@pytest.fixture
def parquet(command: Command, rows: datasets.Dataset) -> Path:
    return parquet_of(rows, command.folder.parent / "stories")


def parquet_of(rows: datasets.Dataset, folder: Path) -> Path:
    """Three files of this training split in a new folder, and one of another split."""
    folder.mkdir()
    for shard in range(3):
        rows.shard(3, shard).to_parquet(folder / f"train-{shard:05d}-of-00003.parquet")
    rows.select(range(30)).to_parquet(folder / "test-00000-of-00001.parquet")
    return folder


def corpus_of(command: Command, name: str = "tiny") -> dict[str, object]:
    described: dict[str, object] = json.loads((command.run_folder(name) / "run.json").read_text())["corpus"]
    return described


def prepared_in(cache: Path, fingerprint: object) -> dict[str, bytes]:
    """The token files of the corpus with this fingerprint.

    A check in its own process, without the planted fault, makes other files from other parts.
    """
    found = list((cache / "mmrec" / "corpora").glob("*/corpus.json"))
    (folder,) = [path.parent for path in found if json.loads(path.read_text())["fingerprint"] == fingerprint]
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.extended
@pytest.mark.parametrize(
    "kind", ["parquet", *map(extended, ("arrow", "saved", "saved-splits", "jsonl", "text")), "file"]
)
def test_every_format_can_be_trained_on(command: Command, rows: datasets.Dataset, kind: str) -> None:
    folder = command.folder / "data"
    folder.mkdir()
    asked, documents = "hf:./data:train:text", ROWS
    match kind:
        case "parquet":
            rows.to_parquet(folder / "rows.parquet")
        case "arrow":
            rows.save_to_disk(command.folder.parent / "saved")
            (made,) = (command.folder.parent / "saved").glob("*.arrow")
            made.rename(folder / "rows.arrow")
        case "saved":
            rows.save_to_disk(folder)
        case "saved-splits":
            datasets.DatasetDict(train=rows, test=rows.select(range(9))).save_to_disk(folder)
        case "jsonl":
            for shard in range(2):
                rows.shard(2, shard).to_json(folder / f"{shard}.jsonl")
        case "text":
            for name in ("one", "two"):
                (folder / f"{name}.txt").write_text("\n".join(rows["text"]))
            documents = 2
        case "file":
            rows.to_json(folder / "rows.jsonl")
            asked = "hf:./data/rows.jsonl"
    result = command("train", "--corpus", asked, *SHORT)
    assert result.code == 0, result.err
    assert corpus_of(command)["documents"] == documents
    assert f"({documents} documents)" in result.err
    told = [line for line in result.err.splitlines() if "%|" in line and "Epoch" not in line]
    assert not told, "a library's own bar"
    assert "Warning" not in result.err


OTHER_MOMENTS = (("part-*.text", 3), ("done.json", 2), ("corpus.json", 1))
SMALL_PARTS = {"after": "mmrec_engine.data.sources.streaming", "code": "module.PART_BYTES = 12_000"}
SUBWORDS = [*SHORT, "--tokenizer", "bpe", "--vocab-size", 400]


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, fork_server: ForkServer | None
) -> tuple[Path, object, dict[str, bytes]]:
    """A data set, the fingerprint of its text, and the tokens that an undisturbed preparation makes of it."""
    command = Command(tmp_path_factory.mktemp("whole"), fork_server)
    source = parquet_of(some_rows(), command.folder.parent / "stories")
    assert command("train", "--corpus", f"hf:{source}", *SUBWORDS, **planted(**SMALL_PARTS)).code == 0
    fingerprint = corpus_of(command)["fingerprint"]
    return source, fingerprint, prepared_in(Path(command.environment["XDG_CACHE_HOME"]), fingerprint)


@pytest.mark.extended
@pytest.mark.fault
@pytest.mark.parametrize(("name", "nth"), [("part-*.json", 2), *OTHER_MOMENTS])
def test_killed_preparation_continues_to_the_same_tokens(
    command: Command, whole: tuple[Path, object, dict[str, bytes]], tmp_path: Path, name: str, nth: int
) -> None:
    source, fingerprint, tokens = whole
    words = ["train", "--corpus", f"hf:{source}", *SUBWORDS]
    caches = {"XDG_CACHE_HOME": str(tmp_path / "other")}
    operation = "open" if name in ("part-*.text", "corpus.json") else "rename"
    killed = command(*words, **planted(**SMALL_PARTS, faults=[fault("kill", operation, name, nth)]), **caches)
    assert killed.code == -9, killed.err
    (work,) = (tmp_path / "other" / "mmrec" / "corpora").glob("streaming-*")
    kept = {path: path.stat().st_mtime_ns for path in work.glob("part-*.json")}
    assert len(kept) == (nth - 1 if name.startswith("part") else len(kept))
    log = tmp_path / "log"
    resumed = command(*words, **planted(**SMALL_PARTS, log=str(log)), **caches)
    assert resumed.code == 0, resumed.err
    written = [line.split()[2] for line in log.read_text().splitlines() if line.split()[1] == "open"]
    assert not {path.with_suffix(".text").name for path in kept} & set(written), "a whole part is not read again"
    if name == "done.json":
        assert not [one for one in written if one.startswith("part-")]
    assert corpus_of(command)["fingerprint"] == fingerprint
    assert prepared_in(tmp_path / "other", fingerprint) == tokens
    assert not work.exists()


@pytest.mark.extended
def test_prepared_data_set_is_used_without_its_source(command: Command, parquet: Path) -> None:
    """A data set that only the cache has replaces one of the hub."""
    hub = "hf:someone/stories:train:text"
    play = f"""
import datasets
real = datasets.load_dataset_builder
class About:
    sha = "abc"
class Api:
    def dataset_info(self, *a, **k): return About
import huggingface_hub
huggingface_hub.HfApi = Api
def builder(path, config=None, revision=None, **how):
    assert (path, revision) == ("someone/stories", "abc"), (path, revision)
    return real({str(parquet)!r})
datasets.load_dataset_builder = builder
"""
    first = command("train", "--corpus", hub, *SHORT, **planted(after="datasets", code=play))
    assert first.code == 0, first.err
    gone = planted(code="import sys; sys.modules['datasets'] = None")
    assert command("train", "--corpus", hub, *SHORT, "--name", "again", **gone).code == 0
    assert corpus_of(command, "again") == corpus_of(command)
    resumed = command("train", "--resume", "--max-steps", 5, "--json", **gone)
    assert resumed.code == 0, resumed.err
    assert resumed.json["steps"] == 5
    assert command("evaluate", "tiny", **gone).code == 0
    other = command("train", "--corpus", hub, *SHORT, "--name", "other", "--vocab-size", 20, **gone)
    assert other.code == 2, "other tokens are not prepared"


@pytest.mark.extended
def test_relative_folder_is_found_from_another_working_folder(command: Command, parquet: Path) -> None:
    (command.folder / "here").symlink_to(parquet)
    assert command("train", "--corpus", "hf:./here:train", *SHORT).code == 0
    given = ["train", "--resume", "--max-steps", 4, "--corpus", "hf:./here:train"]
    assert command(*given).code == 0
    assert command(*given[:-1], "hf:./here:test").code == 2
    settings = json.loads((command.run_folder() / "run.json").read_text())["settings"]
    assert settings["corpus"] == f"hf:{parquet.resolve()}:train"


def test_byte_limit_is_respected_and_reported(command: Command, parquet: Path) -> None:
    result = command("train", "--corpus", f"hf:{parquet}", *SHORT, "--max-corpus-bytes", "20kB")
    assert result.code == 0, result.err
    corpus = corpus_of(command)
    assert 19_000 < corpus["train_characters"] + corpus["validation_characters"] <= 20_000  # type: ignore[operator]
    assert "limited to 20 KiB, in whole documents" in result.err
    wrong = command("train", "--corpus", f"hf:{parquet}", *SHORT, "--max-corpus-bytes", "20 apples", "--name", "wrong")
    assert wrong.code == 2
    assert "--max-corpus-bytes" in one_line_of(wrong.err)
    differs = command("train", "--resume", "--max-corpus-bytes", "30kB")
    assert differs.code == 2


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        (":validation", "choose one of train, test"),
        (":train:body", "choose one of text, number"),
        (":train:number", "columns of text: text"),
        ("-absent", "no such file or folder"),
        (":a:b:c", "hf:OWNER/NAME"),
    ],
)
def test_missing_split_or_column_error_lists_the_available_ones(
    command: Command, parquet: Path, chosen: str, told: str
) -> None:
    result = command("train", "--corpus", f"hf:{parquet}{chosen}", *SHORT)
    assert result.code == 2
    assert told in one_line_of(result.err)
    assert command.everything_on_disk() == set()
    turkish = command("train", "--corpus", f"hf:{parquet}{chosen}", *SHORT, "--lang", "tr")
    assert turkish.code == 2 and one_line_of(turkish.err).startswith("hata: ")


def test_damaged_file_is_code_2_and_reported(command: Command) -> None:
    folder = command.folder.parent / "damaged"
    folder.mkdir()
    (folder / "train.parquet").write_bytes(b"PAR1 this is none")
    result = command("train", "--corpus", f"hf:{folder}", *SHORT)
    assert result.code == 2
    assert "cannot be read" in one_line_of(result.err)
    assert command.everything_on_disk() == set()


@pytest.mark.parametrize("corpus", ["hf:nobody/nothing", extended("tinystories"), extended("tinyshakespeare")])
@pytest.mark.parametrize("way", ["offline", "no-route"])
def test_missing_network_ends_soon_with_one_line(command: Command, corpus: str, way: str) -> None:
    # Nothing listens there, on any machine; names are not even resolved.
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    began = time.monotonic()
    result = command(
        "train", "--corpus", corpus, *SHORT, **(nowhere if way == "no-route" else {"HF_HUB_OFFLINE": "1", **nowhere})
    )
    assert time.monotonic() - began < 45  # the command's own start included, on a busy machine
    assert result.code == 2
    assert "cannot reach" in one_line_of(result.err)
    assert "--data-dir" in result.err
    assert command.everything_on_disk() == set()


def test_missing_network_is_named_before_a_used_folder(command: Command, parquet: Path, text_file: Path) -> None:
    assert command("train", "--data-dir", text_file, *SHORT).code == 0
    before = command.everything_on_disk()
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    refused = command("train", "--corpus", "hf:nobody/nothing", *SHORT, **nowhere)
    assert refused.code == 2 and "cannot reach" in one_line_of(refused.err)
    refused = command("train", "--corpus", f"hf:{parquet}:nowhere", *SHORT, **nowhere)
    assert refused.code == 2 and "no split" in one_line_of(refused.err)
    readable = command("train", "--corpus", f"hf:{parquet}", *SHORT, **nowhere)
    assert readable.code == 2 and "already holds a run" in one_line_of(readable.err)
    assert command.everything_on_disk() == before


def test_missing_library_error_names_the_install_command(command: Command, parquet: Path) -> None:
    gone = planted(code="import sys; sys.modules['datasets'] = None")
    result = command("train", "--corpus", f"hf:{parquet}", *SHORT, **gone)
    assert result.code == 2
    assert one_line_of(result.err).endswith(install_command("hub").partition(" ")[2])
    assert command.everything_on_disk() == set()


def test_named_data_sets_are_listed(command: Command) -> None:
    listed = {row["name"]: row for row in command("corpora", "--json").json["corpora"]}
    assert listed["wikipedia-tr"]["source"] == "hf:wikimedia/wikipedia/20231101.tr:train:text"
    assert listed["sample"]["source"] is None
    told = command("corpora").out
    for name in ("openwebtext", "wikitext-103", "tinystories", "tinyshakespeare"):
        assert any(line.startswith(name) and "download" in line for line in told.splitlines()), name
    assert "indirilir" in command("corpora", "--lang", "tr").out


@pytest.mark.extended
def test_download_progress_is_in_the_record(command: Command, parquet: Path) -> None:
    assert command("train", "--corpus", f"hf:{parquet}", *SHORT).code == 0
    tasks = [event["task"] for event in events_of(command.run_folder()) if event["event"] == "progress"]
    assert tasks[0] == "reading" and "encoding" in tasks


@pytest.mark.fault
@pytest.mark.extended
def test_two_processes_prepare_a_data_set_once(command: Command, parquet: Path) -> None:
    slow = planted(after="mmrec_engine.data.sources.streaming", code="module.PART_BYTES = 3000")
    words = ["train", "--corpus", f"hf:{parquet}", *SHORT]
    processes = [command.start(*words, "--name", name, **slow) for name in ("one", "two")]
    for process in processes:
        _, told = process.communicate(timeout=240)
        assert process.returncode == 0, told
    assert corpus_of(command, "one") == corpus_of(command, "two")
    fingerprint = corpus_of(command, "one")["fingerprint"]
    prepared = prepared_in(Path(command.environment["XDG_CACHE_HOME"]), fingerprint)
    assert prepared.keys() == {"corpus.json", "split.npz", "train.bin", "validation.bin"}


# As NFS answers without its lock service, where caches and runs are; the libraries have folders of their own.
_WITHOUT_LOCKS = planted(
    code="""
import errno, fcntl, os
taken = fcntl.flock
def flock(descriptor, how):
    if "mmrec" in os.readlink(f"/proc/self/fd/{descriptor}"):
        raise OSError(errno.ENOLCK, "No locks available")
    return taken(descriptor, how)
fcntl.flock = flock
"""
)


def test_data_set_is_prepared_on_a_file_system_without_locks(command: Command, parquet: Path) -> None:
    trained = command("train", "--corpus", f"hf:{parquet}", *SHORT, **_WITHOUT_LOCKS)
    assert trained.code == 0, trained.err
    cache = command.folder.parent / "cache" / "mmrec" / "corpora"
    assert not list(cache.glob("streaming-*")), "the claim is gone with the working folder"


def test_unread_splits_are_listed(command: Command, parquet: Path) -> None:
    words = ["train", "--corpus", f"hf:{parquet}", *SHORT]
    assert "other splits of the data set are left out: test" in command(*words).err
    again = command(*words, "--name", "again", MMREC_LANG="tr").err
    assert "öteki bölümleri alınmadı: test" in again, "also where it is prepared already"


@pytest.mark.extended
def test_moved_data_set_is_evaluated_and_resumed(command: Command, parquet: Path) -> None:
    assert command("train", "--corpus", f"hf:{parquet}", *SHORT, "--name", "a").code == 0
    own = command("evaluate", "a", "--json").json
    elsewhere = parquet.rename(parquet.parent / "elsewhere")
    moved = command("evaluate", "a", "--corpus", f"hf:{elsewhere}", "--json")
    assert moved.code == 0, moved.err
    assert moved.json["split"] == "validation"
    assert {name: moved.json[name] for name in own} == own
    resumed = command("train", "--resume", "--name", "a", "--corpus", f"hf:{elsewhere}", "--max-steps", 6, "--json")
    assert (resumed.code, resumed.json["steps"]) == (0, 6), resumed.err
    again = command("train", "--resume", "--name", "a", "--max-steps", 7, "--json")
    assert (again.code, again.json["steps"]) == (0, 7), again.err
    texts = [f"another story, the {number}th of them " * 9 for number in range(90)]
    datasets.Dataset.from_dict({"text": texts, "number": list(range(90))}).to_parquet(
        elsewhere / "train-00000-of-00003.parquet"
    )
    refused = command("train", "--resume", "--name", "a", "--corpus", f"hf:{elsewhere}", "--max-steps", 9)
    assert refused.code == 2 and "text has changed" in one_line_of(refused.err)
