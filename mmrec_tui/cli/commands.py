"""The commands other than `train`: load, call the engine, print. Results on stdout, the rest on stderr."""

from __future__ import annotations

import contextlib
import importlib.metadata
import math
import platform
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrec_engine.settings import CORPUS_CHOICE, FIELDS, Resolved, Settings, metrics_of
from mmrec_engine.settings.model_config import ARCHITECTURES
from mmrec_engine.settings.presets import PRESETS
from mmrec_engine.settings.pretrained import is_pretrained
from mmrec_engine.version import __version__
from mmrec_tui.cli.progress_bar import with_progress_bar
from mmrec_tui.cli.tables import print_table
from mmrec_tui.locales import Wording
from mmrec_tui.presentation.findings import evidence_of
from mmrec_tui.terminal import Narration, one_line, print_json, printable

if TYPE_CHECKING:
    from mmrec_engine.data.prepare import Corpus

_MIB = 2**20
EXPORT_FORMATS = ("hf", "gguf", "onnx")
_STATE_COLOURS = {"TRAINING": "green", "VALIDATING": "green", "SAVING": "green", "PREPARING": "green", "PAUSED": "yellow",
                  "STOPPED": "yellow", "FAILED": "red", "DIED": "red"}  # fmt: skip
_TEXT_IS_GONE = {"corpus-missing", "corpus-unreadable", "corpus-empty", "corpus-nothing-usable", "corpus-undecodable",
                 "hub-unreachable", "hub-missing", "hub-gated", "hub-unreadable"}  # fmt: skip


def version() -> None:
    """Versions; torch's is read from its metadata, because importing it takes seconds."""
    print(f"mmrec-tui {__version__}")
    print(f"Python {platform.python_version()}")
    try:
        print(f"torch {importlib.metadata.version('torch')}")
    except importlib.metadata.PackageNotFoundError:
        print("torch -")


def configs(wording: Wording, vocabulary: int, as_json: bool) -> None:
    rows: list[dict[str, Any]] = []
    for name, preset in PRESETS.items():
        for architecture in ARCHITECTURES:
            model = preset.model(architecture, vocabulary, Settings.seq_len)
            memory = model.training_bytes(Settings.batch_size, Settings.seq_len)
            rows.append(
                {
                    "config": name,
                    "arch": architecture,
                    "width": model.width,
                    "layers": model.layers,
                    "heads": model.heads,
                    "parameters": model.parameters(),
                    "training_bytes": memory,
                }
            )
    if as_json:
        print_json({"vocabulary": vocabulary, "configs": rows})
        return
    heads = ["config", "width", "layers", "heads", "parameters", "memory"]
    table = [
        [
            row["config"],
            str(row["width"]),
            str(row["layers"]),
            str(row["heads"]),
            wording.number(row["parameters"]),
            f"{wording.number(row['training_bytes'] / _MIB)} MiB",
        ]
        for row in rows
        if row["arch"] == "mmrec"
    ]
    print_table([[wording(f"table.{head}") for head in heads], *table], right=range(1, len(heads)))


def corpora(wording: Wording, as_json: bool) -> None:
    from mmrec_engine.data.sources.builtin import BuiltinDocuments, builtin_names
    from mmrec_engine.data.sources.hub_source import NAMED
    from mmrec_engine.errors import RequestError

    rows: list[dict[str, Any]] = []
    for name in builtin_names():
        try:
            lengths = BuiltinDocuments(name).lengths
        except RequestError:
            lengths = None
        documents, characters = (len(lengths), sum(lengths)) if lengths else (None, None)
        rows.append({"name": name, "documents": documents, "characters": characters, "source": None})
    rows += [
        {"name": name, "documents": None, "characters": None, "source": source.as_written}
        for name, source in NAMED.items()
    ]
    if as_json:
        print_json({"corpora": rows})
        return
    table = [[wording(f"table.{head}") for head in ("name", "documents", "characters", "what")]]
    for row in rows:
        if row["documents"] is None:
            what = "corpora.missing" if row["source"] is None else f"corpora.{row['name']}"
            table.append([row["name"], "-", "-", wording(what)])
            continue
        sizes = [wording.number(row["documents"]), wording.number(row["characters"])]
        table.append([row["name"], *sizes, wording(f"corpora.{row['name']}")])
    print_table(table, right=(1, 2))


def runs(wording: Wording, as_json: bool) -> None:
    from mmrec_engine.runs.catalog import known_runs

    found = known_runs()
    if as_json:
        print_json({"runs": [summary.as_dict() for summary in found]})
        return
    if not found:
        print(wording("runs.none"), file=sys.stderr)
        return
    table = [[wording(f"table.{head}") for head in ("name", "state", "step", "best", "changed", "path")]]
    for summary in found:
        table.append(
            [
                one_line(summary.name),
                wording(f"state.{summary.state}"),
                wording.number(summary.step),
                "-" if summary.best_bits_per_character is None else wording.number(summary.best_bits_per_character, 3),
                time.strftime("%Y-%m-%d %H:%M", time.localtime(summary.changed)),
                one_line(_shown_path(summary.path)),
            ]
        )
    colours = {wording(f"state.{state}"): colour for state, colour in _STATE_COLOURS.items()}
    print_table(table, right=(2, 3), colours=colours, paths=5)


def _shown_path(path: Path) -> str:
    """On a terminal a path below the home folder begins with ~, so that it fits; for other programs it is complete."""
    if sys.stdout.isatty():
        with contextlib.suppress(ValueError, RuntimeError):  # not below it, or no home
            return f"~/{path.relative_to(Path.home())}"
    return str(path)


def evaluate(
    checkpoint: str,
    given: Resolved,
    seq_len: int | None,
    samples: int,
    corpus_tag: str | None,
    wording: Wording,
    as_json: bool,
) -> None:
    """Metrics of a checkpoint on the run's own validation split, or on all of another text.

    samples: number of continuations for the metrics of generated text, if requested. corpus_tag: name of
    the training corpus that the given text is read as, for a model of several corpora.
    """
    from mmrec_engine.runs.catalog import locate

    locate(checkpoint)  # before torch is loaded, which takes a second or two
    narration, asked = Narration(), given.settings.metrics
    from mmrec_engine.data.prepare import prepare_corpus
    from mmrec_engine.errors import RequestError
    from mmrec_engine.evaluation.continuations import measure, require_libraries
    from mmrec_engine.evaluation.trained_model import load_trained
    from mmrec_engine.evaluation.validation import validate
    from mmrec_engine.runs.run_text import is_described, of_run
    from mmrec_engine.training.device import resolve_machine
    from mmrec_tui.cli.narrator import metric_lines, part_lines

    if asked is not None:
        require_libraries(asked)
    machine = resolve_machine(given.settings, {"precision": "fp32"})
    trained = load_trained(checkpoint, machine.device)
    length = seq_len or int(trained.settings.get("eval_seq_len") or trained.settings["seq_len"])
    if length > trained.model.config.context and trained.settings["shape"] is not None:
        raise RequestError("setting-context", flag="--seq-len", length=length, nearest=trained.model.config.context)
    text_given = any(given.sources[name] == "hand" for name in CORPUS_CHOICE)
    if is_pretrained(checkpoint) and not text_given:
        raise RequestError("evaluate-pretrained", path=checkpoint)
    own = Settings(**{name: value for name, value in trained.settings.items() if name in FIELDS})
    folder = trained.path if trained.path.is_dir() else trained.path.parent
    earlier = of_run(own, folder, trained.tokenizer)
    if text_given:
        settings = replace(given.settings, stride=None, seq_len=length, val_split=own.val_split)
        of_run_itself = replace(earlier, fingerprint=str(trained.corpus.get("fingerprint")))
        preparing = prepare_corpus(settings, trained.tokenizer, corpus_tag, of_run_itself)
    else:
        preparing = prepare_corpus(replace(own, stride=None, seq_len=length), earlier=earlier)
    try:
        corpus = with_progress_bar(preparing, narration, wording)
    except RequestError as error:
        if text_given or error.key not in _TEXT_IS_GONE:
            raise
        raise RequestError("evaluate-no-corpus", path=checkpoint) from None
    same = is_described(corpus, trained.corpus)
    if text_given and not corpus.whole and not same:  # the run's split is not known any more
        corpus = with_progress_bar(prepare_corpus(settings, trained.tokenizer, corpus_tag, earlier), narration, wording)
    if not text_given and not same:
        raise RequestError("evaluate-no-corpus", path=checkpoint)
    if not text_given and corpus.tokenizer.to_dict() != trained.tokenizer.to_dict():
        raise RequestError("tokenizer-differs", path=checkpoint)
    text_facts = _about_text(corpus, text_given, is_pretrained(checkpoint), narration, wording)
    metrics = with_progress_bar(validate(trained.model, corpus, length), narration, wording)
    assert metrics is not None  # there are no stop requests
    written: dict[str, Any] = {}
    if asked is not None:
        measuring = measure(trained.model, corpus, asked, given.settings.seed, samples)
        written = {"metrics": with_progress_bar(measuring, narration, wording)}
    baselines = _baselines(corpus) if is_pretrained(checkpoint) else {}
    if as_json:
        of_text = {"baselines": baselines} if baselines else {}
        print_json({**metrics.as_dict(), **text_facts, **of_text, **written, "checkpoint": str(trained.path)})
        return
    narration.line(wording("evaluate.corpus", name=corpus.name, tokens=wording.number(metrics.tokens)))
    figures = (metrics.loss, metrics.perplexity, metrics.accuracy, metrics.bits_per_character, metrics.batches)
    print("\n".join([*metric_lines(wording, *figures), *part_lines(wording, metrics.parts)]))
    if baselines:
        values = {name.replace("5-gram", "five_gram"): wording.number(bits, 3) for name, bits in baselines.items()}
        print(f"  {wording('evaluate.baselines', **values)}")
    if asked is not None:
        values = {**written["metrics"], "variant": "+".join(metrics_of(asked))}
        print(f"  {printable(evidence_of({'id': 'continuations', 'values': values}, wording))}")


def _baselines(corpus: Corpus) -> dict[str, float]:
    """N-gram baselines of a text that a pretrained model is evaluated on, bits a character; empty if it is too short."""
    from mmrec_engine.data.character_baselines import cross_validated_baselines

    try:
        found = cross_validated_baselines(corpus.validation.tokens, corpus.tokenizer)
    except ValueError:
        return {}
    return {name: nats / math.log(2) for name, nats in found.items()}


def _about_text(
    corpus: Corpus, given: bool, pretrained: bool, narration: Narration, wording: Wording
) -> dict[str, Any]:
    """Print what is needed to understand the metrics of the text. Returns it, for JSON.

    given: it may be another text; pretrained: what the model was trained on is not known.
    """
    from mmrec_engine.checks.specs import numbers

    validation, record = corpus.validation, corpus.earlier.record
    unknown = validation.unknown / max(1, len(validation.tokens))
    if unknown > numbers("unknown-characters")["warn_share"]:
        narration.line(wording("evaluate.unknown", share=wording.percent(unknown)))
    if not given:
        return {}
    seen = record.share_of_grams(validation.tokens)[0] if record is not None and corpus.whole else 0.0
    if pretrained:
        narration.line(wording("evaluate.pretrained"))
        return {"split": "all", "unknown_characters": unknown, "trained_on": None}
    narration.line(wording("evaluate.whole" if corpus.whole else "evaluate.own"))
    if seen > numbers("split-continued")["gram_share"]:
        narration.line(wording("evaluate.seen", share=wording.percent(seen)))
    return {"split": "all" if corpus.whole else "validation", "unknown_characters": unknown, "trained_on": seen}


def export(
    checkpoint: str, directory: str, to: str | None, license: str | None, wording: Wording, as_json: bool
) -> None:
    """to: another tool's format; None: mmrec's own."""
    from mmrec_engine.errors import RequestError
    from mmrec_engine.runs.catalog import locate

    if to is not None and to not in EXPORT_FORMATS:
        raise RequestError("setting-choice", flag="--to", value=to, choices=", ".join(EXPORT_FORMATS))
    if license is not None and to != "hf":
        raise RequestError("export-license")
    locate(checkpoint)  # before torch is loaded
    from mmrec_engine.evaluation.trained_model import export as write
    from mmrec_engine.evaluation.trained_model import load_trained

    trained, folder = load_trained(checkpoint), Path(directory)
    if to == "hf":
        from mmrec_engine.interop.transformers_folder import export_to_transformers

        written = export_to_transformers(trained, folder, license, wording.language)
    elif to == "gguf":
        from mmrec_engine.interop.gguf_file import export_to_gguf

        written = export_to_gguf(trained, folder)
    elif to == "onnx":
        from mmrec_engine.interop.onnx_folder import export_to_onnx

        written = export_to_onnx(trained, folder)
    else:
        written = write(trained, folder)
    if as_json:
        print_json({"files": [str(path) for path in written]})
        return
    for path in written:
        print(printable(wording("export.done", path=path)))
