"""Data sets: parsed names, preparation in parts, reuse; on real files, with the library itself."""

import bz2
import errno
import gzip
import json
import lzma
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
from backports import zstd

from mmrec_engine.data.document_table import DocumentTable
from mmrec_engine.data.prepare import Corpus, cache_folder, prepare_corpus
from mmrec_engine.data.sources import hub, streaming
from mmrec_engine.data.sources.hub import Place
from mmrec_engine.data.sources.hub_source import NAMED, HubSource, anchored, is_downloaded, is_hub, source_of
from mmrec_engine.errors import RequestError
from mmrec_engine.events import result_of
from mmrec_engine.settings import parse, resolve
from mmrec_engine.storage import file_lock, folder_lock

ROWS = 400


def text_of(number: int) -> str:
    return f"Belge {number}: ağaçların gölgesi uzar. " + "the words of a story go on " * (number % 9)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three shards of parquet, with rows that hold no text."""
    rows = [{"text": text_of(number), "number": number} for number in range(ROWS)]
    rows[7]["text"], rows[8]["text"], rows[9]["text"] = None, "", "  \n"
    whole = datasets.Dataset.from_list(rows)
    folder = tmp_path / "data"
    folder.mkdir()
    for shard in range(3):
        whole.shard(3, shard).to_parquet(folder / f"train-{shard:05d}-of-00003.parquet", batch_size=20)
    whole.select(range(50)).to_parquet(folder / "test-00000-of-00001.parquet")
    return folder


def prepared(corpus: str, **settings: Any) -> Corpus:
    return result_of(prepare_corpus(resolve({"seq_len": 16, "corpus": corpus, **settings}).settings))  # type: ignore[no-any-return]


def text_in(corpus: Corpus) -> list[str]:
    """The documents of both splits, sorted."""
    end = corpus.tokenizer.end_of_document
    assert end is not None
    both = [np.asarray(part.tokens) for part in (corpus.train, corpus.validation)]
    parts = [part for tokens in both for part in np.split(tokens, np.flatnonzero(tokens == end) + 1)]
    return sorted(corpus.tokenizer.decode(part) for part in parts if len(part))


@pytest.mark.parametrize(
    ("corpus", "source"),
    [
        ("hf:roneneldan/TinyStories", HubSource("roneneldan/TinyStories")),
        ("hf:a/b:test", HubSource("a/b", split="test")),
        ("hf:a/b/20231101.tr@v1.0:train:body", HubSource("a/b", "20231101.tr", "v1.0", "train", "body")),
        ("hf:a/b@refs/convert/parquet", HubSource("a/b", revision="refs/convert/parquet")),
        ("hf:squad", HubSource("squad")),
        ("hf:/a/b.c:train", HubSource("/a/b.c", split="train")),
        ("hf:/a/b::body", HubSource("/a/b", column="body")),
    ],
)
def test_data_set_names_are_parsed(corpus: str, source: HubSource) -> None:
    assert source_of(corpus) == source
    assert is_hub(corpus)


@pytest.mark.parametrize("corpus", ["hf:", "hf:a/b/c/d", "hf:a b", "hf:a/b:c:d:e", "hf:/a:b:c:d", "hf:-x", "hf:a\nb"])
def test_malformed_data_set_names_are_refused(corpus: str) -> None:
    with pytest.raises(RequestError) as refused:
        source_of(corpus)
    assert refused.value.key == "hub-form"


def test_named_data_sets_have_a_full_form(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, source in NAMED.items():
        assert is_hub(name)
        if not source.remote_file:
            written = source_of(source.as_written)
            assert (written.path, written.config, written.split) == (source.path, source.config, source.split)
    monkeypatch.chdir(tmp_path)
    assert anchored("hf:./x:train") == f"hf:{tmp_path}/x:train"
    assert [anchored(name) for name in ("hf:a/b", "sample", None)] == ["hf:a/b", "sample", None]


def test_rows_with_text_are_documents_and_others_are_counted(data: Path) -> None:
    corpus = prepared(f"hf:{data}")
    assert corpus.documents == ROWS - 3
    assert text_in(corpus) == sorted(text_of(number) for number in range(ROWS) if number not in (7, 8, 9))
    assert [(skipped.reason, skipped.hint) for skipped in corpus.skipped] == [
        ("empty-rows", "3"),
        ("splits-left-out", "test"),
    ]


@pytest.mark.parametrize("tokenizer", ["char", "bpe"])
def test_reading_in_parts_gives_the_same_text(data: Path, monkeypatch: pytest.MonkeyPatch, tokenizer: str) -> None:
    settings = {"tokenizer": tokenizer, "vocab_size": 300}
    whole = prepared(f"hf:{data}", **settings)
    monkeypatch.setattr(streaming, "PART_BYTES", 5000)
    parts = prepared(f"hf:{data}", **settings)
    assert parts.documents == whole.documents
    assert parts.train.characters + parts.validation.characters == whole.train.characters + whole.validation.characters
    assert sorted(parts.tokenizer.decode(parts.train.tokens)) == sorted(whole.tokenizer.decode(whole.train.tokens))
    assert not list(cache_folder().glob("streaming-*")), "what is finished leaves nothing behind"


@pytest.mark.first(1)
@pytest.mark.parametrize("after", [1, 3, 40])
def test_interrupted_preparation_continues_to_the_same_tokens(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, after: int
) -> None:
    """Interrupted between any two progress events, with parts of a few rows, repeatedly until it is finished."""
    monkeypatch.setattr(streaming, "PART_BYTES", 2500)
    monkeypatch.setattr(streaming, "_BYTES_BETWEEN_REPORTS", 700)
    whole = prepared(f"hf:{data}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    settings = resolve({"seq_len": 16, "corpus": f"hf:{data}"}).settings
    lives = 0
    while True:
        lives += 1
        work, left = prepare_corpus(settings), after + lives
        try:
            for _ in range(left):
                next(work)
        except StopIteration as finished:
            corpus = finished.value
            break
        work.close()
    assert lives > 2
    assert corpus.fingerprint == whole.fingerprint
    for name in ("train", "validation"):
        assert (getattr(corpus, name).tokens == getattr(whole, name).tokens).all()


@pytest.fixture
def divided(data: Path) -> Path:
    """The same with a validation split of its own."""
    rows = [{"text": f"Held out {number}. " * 3, "number": number} for number in range(60)]
    datasets.Dataset.from_list(rows).to_parquet(data / "validation-00000-of-00001.parquet")
    return data


def test_validation_split_of_the_data_set_is_used(divided: Path) -> None:
    corpus = prepared(f"hf:{divided}")
    assert corpus.documents == ROWS - 3 + 60
    assert "Held" not in corpus.tokenizer.decode(corpus.train.tokens)
    assert corpus.tokenizer.decode(corpus.validation.tokens).count("eld out 7. ") == 3
    assert corpus.describe()["splits"] == [{"train": ["train"], "validation": ["validation"]}]
    again = prepared(f"hf:{divided}")
    assert again.describe() == corpus.describe(), "found again with all that is told of it"
    assert again.skipped == corpus.skipped
    assert ("splits-left-out", "test") in [(one.reason, one.hint) for one in corpus.skipped]


def test_single_named_split_is_divided(divided: Path) -> None:
    corpus = prepared(f"hf:{divided}:train")
    assert corpus.documents == ROWS - 3
    assert "splits" not in corpus.describe()
    assert [one.reason for one in corpus.skipped] == ["empty-rows"], "the others are not wanted"
    assert len(corpus.validation.tokens) > 100


def test_byte_limit_gives_the_validation_split_at_most_a_tenth(divided: Path) -> None:
    corpus = prepared(f"hf:{divided}", max_corpus_bytes=9000)
    assert corpus.train.characters < 8100
    assert 700 < corpus.validation.characters <= 900
    assert "Held" not in corpus.tokenizer.decode(corpus.train.tokens)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """An empty folder beside the cache."""
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


def test_leading_rows_without_text_do_not_change_the_column(own: Path) -> None:
    rows: list[dict[str, Any]] = [{"id": "k0", "story": None}, {"id": "k1", "story": ""}]
    rows += [{"id": f"k{number}", "story": f"the words of story {number}"} for number in range(60)]
    (own / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    corpus = prepared(f"hf:{own}")
    assert corpus.documents == 60
    assert corpus.describe()["text_fields"] == [{"field": "story", "others": ["id"]}]


def test_conversations_are_read_and_ids_alone_are_refused(own: Path) -> None:
    turns = [[{"from": "human", "value": f"hello {number}"}, {"from": "gpt", "value": "hello"}] for number in range(60)]
    rows = [{"id": f"aX{number}", "conversations": turns[number]} for number in range(60)]
    (own / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    corpus = prepared(f"hf:{own}")
    assert corpus.describe()["text_fields"] == [{"field": "conversations", "others": ["id"]}]
    assert "human: hello 7\n\ngpt: hello" in "\n".join(text_in(corpus))
    assert prepared(f"hf:{own}", text_field="id").documents == 60, "where that is wished"
    (own / "a.jsonl").write_text("\n".join(json.dumps({"id": f"aX{number}", "n": 1}) for number in range(60)))
    with pytest.raises(RequestError, match="--text-field, one of: id, n"):
        prepared(f"hf:{own}")


def test_fields_can_be_joined_and_nested(own: Path) -> None:
    rows = [
        {"prompt": f"what is {number}?", "completion": f"a number {number}", "meta": {"note": f"kept aside {number}"}}
        for number in range(60)
    ]
    (own / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert "what is 7?\na number 7" in "\n".join(text_in(prepared(f"hf:{own}")))
    assert "kept aside" in text_in(prepared(f"hf:{own}", text_field="meta.note"))[0]
    assert "a number" in text_in(prepared(f"hf:{own}::completion"))[0]


def test_config_of_a_local_data_set_is_selected(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["tr", "en"]
    for name in names:
        lines = [json.dumps({"text": f"{name} text {number}"}) for number in range(60)]
        (own / f"{name}.jsonl").write_text("\n".join(lines))
    configs = "".join(f"- config_name: {name}\n  data_files: {name}.jsonl\n" for name in names)
    (own / "README.md").write_text(f"---\nconfigs:\n{configs}---\n")
    assert all(text.startswith("en") for text in text_in(prepared(f"hf:{own}/en")))
    with pytest.raises(RequestError, match=r"tr, en|en, tr"):
        prepared(f"hf:{own}")
    with pytest.raises(RequestError, match=r"tr, en|en, tr"):
        prepared(f"hf:{own}/de")


def test_existing_folder_is_read_without_the_network(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data.parent)
    for name in ("data", f"{data.parent.name}/data"):
        monkeypatch.chdir(data.parent if name == "data" else data.parent.parent)
        assert source_of(f"hf:{name}") == HubSource(str(data))
        assert not is_downloaded(f"hf:{name}")
        assert anchored(f"hf:{name}:test") == f"hf:{data}:test"
    assert is_downloaded("hf:no-such-folder") and is_downloaded("tinystories")


@pytest.mark.parametrize(
    "ending",
    [".jsonl.gz", ".jsonl.bz2", ".jsonl.xz", ".jsonl.zst", ".ndjson", ".jsonl.zip", ".tsv", ".csv.zst"],
)
@pytest.mark.parametrize("alone", [True, False])
def test_compressed_files_of_a_data_set_are_read(own: Path, ending: str, alone: bool) -> None:
    rows = [{"id": f"k{number}", "text": f"the words of row {number}"} for number in range(60)]
    name = f"part{ending}"
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    if "sv" in ending:
        mark = "\t" if "tsv" in ending else ","
        content = "".join(
            mark.join(row) + "\n" for row in [("id", "text"), *((r["id"], r["text"]) for r in rows)]
        ).encode()
    pack = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd.compress}.get(
        Path(name).suffix, bytes
    )
    (own / name).write_bytes(pack(content))
    if ending.endswith(".zip"):
        with zipfile.ZipFile(own / name, "w") as archive:
            archive.writestr("part.jsonl", content)
    assert prepared(f"hf:{own / name if alone else own}").documents == 60


def test_saved_data_set_splits_are_used(tmp_path: Path) -> None:
    parts = {
        name: datasets.Dataset.from_list(
            [{"text": f"text {number} of {name}, not train validation test"} for number in range(50)]
        )
        for name in ("train", "validation", "test")
    }
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "saved")
    corpus = prepared(f"hf:{tmp_path}/saved")
    assert corpus.documents == 100
    assert [(one.reason, one.hint) for one in corpus.skipped] == [("splits-left-out", "test")]
    assert corpus.tokenizer.decode(corpus.validation.tokens).count("of validation,") == 50


def test_preparation_interrupted_in_either_split_continues_to_the_same_tokens(
    own: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for split, count in (("train", 60), ("validation", 50)):
        rows = [json.dumps({"text": f"{split} {number}. {text_of(number)}"}) for number in range(count)]
        (own / f"{split}.jsonl").write_text("\n".join(rows))
    monkeypatch.setattr(streaming, "PART_BYTES", 2500)
    monkeypatch.setattr(streaming, "_BYTES_BETWEEN_REPORTS", 500)
    whole = prepared(f"hf:{own}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    settings = resolve({"seq_len": 16, "corpus": f"hf:{own}"}).settings
    lives, left_in, corpus = 0, set(), None
    while corpus is None:
        lives += 1
        work = prepare_corpus(settings)
        try:
            for _ in range(6 + lives // 20):
                next(work)
        except StopIteration as finished:
            corpus = finished.value
        work.close()
        notes = sorted(cache_folder().glob("streaming-*/part-*.json"))
        last = json.loads(notes[-1].read_text()) if notes else {"ended": True}
        left_in |= set() if last["ended"] else {(last["side"], last["place"] != asdict(Place()))}
    assert left_in >= {("train", True), ("validation", True)}
    assert corpus.fingerprint == whole.fingerprint
    for name in ("train", "validation"):
        assert (getattr(corpus, name).tokens == getattr(whole, name).tokens).all()


def test_shuffling_is_deterministic_and_changes_the_order(data: Path, tmp_path: Path) -> None:
    kept = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        text = result_of(streaming.streamed(source_of(f"hf:{data}"), "x", tmp_path / name, None, None))
        kept.append(text.store.files[0].read_bytes())
    assert kept[0] == kept[1]
    assert kept[0] != "".join(text_of(n) for n in range(ROWS) if n not in (7, 8, 9)).encode()


def test_byte_limit_takes_whole_documents_and_never_more(data: Path) -> None:
    corpus = prepared(f"hf:{data}", max_corpus_bytes=5000)
    taken = text_in(corpus)
    size = sum(len(text.encode()) for text in taken)
    assert 5000 - 400 < size <= 5000
    assert set(taken) <= {text_of(number) for number in range(ROWS)}
    assert corpus.fingerprint != prepared(f"hf:{data}", max_corpus_bytes=9000).fingerprint


def test_byte_limit_applies_to_files(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number:02d}.txt").write_text("ağaç " * 20)  # 140 bytes
    corpus = result_of(
        prepare_corpus(resolve({"seq_len": 8, "data_dir": str(folder), "max_corpus_bytes": 1500}).settings)
    )
    assert corpus.documents == 10
    one = resolve({"seq_len": 4, "data_dir": str(folder / "00.txt"), "max_corpus_bytes": 100}).settings
    cut = result_of(prepare_corpus(one))
    assert cut.train.characters + cut.validation.characters == 71, "a first document is cut, where a character ends"


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("500", 500),
        (500, 500),
        ("1kB", 1000),
        ("500MB", 5 * 10**8),
        ("2.5 GB", 25 * 10**8),
        ("1GiB", 2**30),
        ("1tb", 10**12),
    ],
)
def test_a_size_may_have_a_unit(given: object, size: int) -> None:
    assert parse("max_corpus_bytes", given) == size


@pytest.mark.parametrize("given", ["", "many", "5 apples", "-1MB", "1.5", "GB", "0", "9" * 500, "9" * 12 + "TB"])
def test_invalid_size_is_refused(given: str) -> None:
    with pytest.raises(RequestError, match="--max-corpus-bytes"):
        resolve({"max_corpus_bytes": given})


def test_finished_preparation_is_reused_without_the_library(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepared(f"hf:{data}")
    monkeypatch.setattr(hub, "library", lambda *_: pytest.fail("asked for the data set again"))
    again = prepared(f"hf:{data}", seq_len=24)
    assert again.describe() == first.describe()
    assert again.skipped == first.skipped


def test_changed_files_are_read_again(data: Path) -> None:
    first = prepared(f"hf:{data}:test")
    changed = datasets.Dataset.from_list([{"text": f"another text {number}"} for number in range(60)])
    changed.to_parquet(data / "test-00000-of-00001.parquet")
    assert prepared(f"hf:{data}:test").fingerprint != first.fingerprint


def test_damaged_tokens_are_prepared_again(data: Path) -> None:
    first = prepared(f"hf:{data}")
    tokens = np.array(first.train.tokens)
    (path,) = cache_folder().glob("*/train.bin")
    path.write_bytes(path.read_bytes()[:-1])
    assert (prepared(f"hf:{data}").train.tokens == tokens).all()
    for note in (cache_folder() / "sources").iterdir():
        note.write_text(json.dumps({"prepared": "../..", "empty": 0, "repaired_words": 0}))
    assert prepared(f"hf:{data}").fingerprint == first.fingerprint


def test_abandoned_working_folder_is_kept_for_a_week(data: Path) -> None:
    young, old = (cache_folder() / f"streaming-{name}" for name in ("young", "old"))
    for folder, days in ((young, 6), (old, 8)):
        folder.mkdir(parents=True)
        since = folder.stat().st_mtime - days * 86_400
        os.utime(folder, (since, since))
    prepared(f"hf:{data}:test")
    assert young.exists() and not old.exists()


def test_wrapped_lines_are_joined(tmp_path: Path) -> None:
    text = "A title\n\nA line of it,\nand another.\n" * 40
    (tmp_path / "play.txt").write_text(text)
    corpus = prepared(f"hf:{tmp_path}/play.txt")
    assert corpus.documents == 1
    both = corpus.tokenizer.decode(corpus.train.tokens) + corpus.tokenizer.decode(corpus.validation.tokens)
    assert both == text


def test_articles_begin_with_their_titles(tmp_path: Path) -> None:
    lines = []
    for number in range(40):
        lines += [
            "",
            f" = Article {number} = \n",
            "",
            f" Its text, {number}. \n",
            " = = A part = = \n",
            " More of it. \n",
        ]
    datasets.Dataset.from_list([{"text": line} for line in lines]).to_parquet(tmp_path / "train.parquet")
    title = NAMED["wikitext-103"].title
    documents = hub.HubDocuments(HubSource(str(tmp_path), title=title), "wikitext", None, hub.Place())
    found = [text for text in documents if text is not None]
    assert len(found) == 40
    assert all(text.lstrip("\n").startswith(f" = Article {number} = \n") for number, text in enumerate(found))
    assert all(" = = A part = = " in text for text in found)
    # The same from any row on, including an unfinished document.
    for rows in (1, 2, 7, 39):
        first = hub.HubDocuments(HubSource(str(tmp_path), title=title), "wikitext", None, hub.Place())
        stream = iter(first)
        before = [next(stream) for _ in range(rows)]
        place = json.loads(json.dumps(vars(first.place)))
        rest = list(hub.HubDocuments(HubSource(str(tmp_path), title=title), "wikitext", None, hub.Place(**place)))
        assert [text for text in before + rest if text is not None] == found


@pytest.mark.extended
def test_two_million_documents_take_a_hundred_megabytes() -> None:
    """Memory of the document table, including the split, in its own process."""
    program = """
import numpy as np
from mmrec_engine.data.document_table import DocumentTable
from mmrec_engine.data.split import split_points
def held(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) / 1024
before = held("VmRSS")
table = DocumentTable()
for number in range(2_000_000):
    table.add((number * 0x9E3779B97F4A7C15 % 2**128).to_bytes(16, "big"), 900 + number % 300, 1000, None)
built = held("VmHWM")
name = table.fingerprint()
points = split_points(table.fingerprints(slice(None)), table.characters, 0.1)
print(built - before, held("VmHWM") - before, (points == 0).mean())
"""
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc")
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    built, peak, share = map(float, output.split())
    print(f"\nbookkeeping of 2 million documents: {built:.0f} MiB, {peak:.0f} MiB with the split")
    assert built < 100
    assert peak < 330
    assert share == pytest.approx(0.1, abs=0.01)


def test_document_table_round_trips_through_disk(tmp_path: Path) -> None:
    table = DocumentTable()
    for number in range(40_000):
        table.add(number.to_bytes(16, "little"), number + 1, number + 2, None)
    table.write(tmp_path / "table.npy")
    again = DocumentTable.read(tmp_path / "table.npy")
    assert again.fingerprint() == table.fingerprint()
    again.extend(table)
    assert len(again) == 80_000
    assert again.characters[40_000:].tolist() == table.characters.tolist()
    np.save(tmp_path / "other.npy", np.zeros(3))
    with pytest.raises(ValueError, match="no table"):
        DocumentTable.read(tmp_path / "other.npy")


@pytest.mark.parametrize("locks", [True, False])
def test_data_set_is_locked_by_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locks: bool) -> None:
    """Also on a file system without locks."""
    monkeypatch.setattr(folder_lock, "_LOCK_SECONDS", 0.05)
    if not locks:

        def flock(descriptor: int, how: int) -> None:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

        monkeypatch.setattr(file_lock.fcntl, "flock", flock)
    place = tmp_path / "streaming-x"
    with result_of(streaming.locked(place)):
        waiting = streaming.locked(place)
        assert next(waiting).task == next(waiting).task == "waiting"
        shutil.rmtree(place)  # as its owner does in the end
    with pytest.raises(StopIteration) as taken:
        next(waiting)
    with taken.value.value:
        assert folder_lock.is_live(place)
    assert not folder_lock.is_live(place)
