"""Programs that evaluate models of the library `transformers` read an exported folder: `lm_eval`, and BabyLM's evaluation."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mmrec_engine.evaluation.trained_model import Trained
from mmrec_engine.interop.transformers_folder import export_to_transformers
from mmrec_engine.model.language_model import create_model
from mmrec_engine.tokenizer import CharacterTokenizer
from mmrec_engine.tokenizer.vocabulary import UNKNOWN

Make = Callable[..., Trained]
PAIRS = [
    {"good": "The water is cold.", "bad": "The water are cold."},
    {"good": "Why is it so?", "bad": "Why it is so, and so on?"},
    {"good": "She has seen the old river.", "bad": "She has see the old river."},
]
TEXT = "The old river is wide. İyi günler."  # within one window
PAIR_TASK = """
task: minimal_pairs
dataset_path: json
dataset_kwargs: {{data_files: {{validation: {data}}}, cache_dir: {cache}}}
output_type: multiple_choice
validation_split: validation
doc_to_text: ""
doc_to_target: 0
doc_to_choice: "{{{{[good, bad]}}}}"
metric_list: [{{metric: acc}}]
"""
TEXT_TASK = """
task: text
dataset_path: json
dataset_kwargs: {{data_files: {{validation: {data}}}, cache_dir: {cache}}}
output_type: loglikelihood_rolling
validation_split: validation
doc_to_text: ""
doc_to_target: "{{{{text}}}}"
metric_list: [{{metric: bits_per_byte}}]
"""


def log_probability(trained: Trained, before: Sequence[int], text: str) -> float:
    """Of the text after the ids `before`, in nats; without any, of all of its tokens but the first."""
    ids = torch.tensor([[*before, *(int(index) for index in trained.tokenizer.encode(text))]])
    with torch.no_grad():
        of_each = torch.log_softmax(trained.model(ids[:, :-1]), dim=-1)
    return float(of_each.gather(2, ids[:, 1:, None]).sum())


def of_one_document(trained: Trained, text: str) -> Trained:
    """A model whose text had no ends of documents."""
    tokenizer = CharacterTokenizer(set(text), (UNKNOWN,))
    model = create_model(replace(trained.model.config, vocabulary=tokenizer.vocab_size), seed=1)
    assert model.head is not None
    torch.nn.init.normal_(model.head.weight, std=0.2, generator=torch.Generator().manual_seed(3))
    return replace(trained, model=model.eval(), tokenizer=tokenizer)


@pytest.fixture(params=[("llama", "bpe"), ("mmrec", "of one document")], ids="-".join)
def exported(
    request: pytest.FixtureRequest, made: Make, tmp_path: Path, prose: str, monkeypatch: pytest.MonkeyPatch
) -> Trained:
    """A model that is in the folder `out`. A text of one document has no end token."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    architecture, tokenizer = request.param
    trained = (
        made(architecture, tokenizer) if tokenizer == "bpe" else of_one_document(made(architecture, "char"), prose)
    )
    export_to_transformers(trained, tmp_path / "out")
    return trained


@pytest.mark.slow
@pytest.mark.extended
def test_lm_eval_gives_the_model_s_own_probabilities(exported: Trained, tmp_path: Path) -> None:
    lm_eval = pytest.importorskip("lm_eval", reason="needs lm_eval: make lm-eval")
    pytest.importorskip("accelerate", reason="needs accelerate: make lm-eval")
    from lm_eval.tasks import TaskManager

    first, more = exported.tokenizer.end_of_document, {}
    if first is None:  # lm_eval has to be told with what a text begins
        first = int(exported.tokenizer.encode("\n")[0])
        more = {"prefix_token_id": first}
    own_code = exported.settings["arch"] == "mmrec"
    (tmp_path / "tasks").mkdir()
    data = {"pairs": PAIRS, "text": [{"text": TEXT}]}
    for (name, lines), task in zip(data.items(), (PAIR_TASK, TEXT_TASK), strict=True):
        file = tmp_path / f"{name}.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        described = task.format(data=file, cache=tmp_path / "cache")
        (tmp_path / "tasks" / f"{name}.yaml").write_text(described)
    found = lm_eval.simple_evaluate(
        model="hf",
        model_args={"pretrained": str(tmp_path / "out"), "trust_remote_code": own_code, **more},
        tasks=["minimal_pairs", "text"],
        task_manager=TaskManager(include_path=str(tmp_path / "tasks"), include_defaults=False),
        device="cpu",
        batch_size=4,
        bootstrap_iters=0,
    )
    right = 0
    for sample in found["samples"]["minimal_pairs"]:
        expected = [log_probability(exported, [first], choice) for _, choice in sample["arguments"]]
        assert [response[0] for response in sample["filtered_resps"]] == pytest.approx(expected, abs=1e-3)
        right += expected[0] > expected[1]
    assert found["results"]["minimal_pairs"]["acc,none"] == pytest.approx(right / len(PAIRS))
    bits = -log_probability(exported, [first], TEXT) / math.log(2) / len(TEXT.encode())
    assert found["results"]["text"]["bits_per_byte,none"] == pytest.approx(bits, abs=1e-4)


@pytest.mark.slow
@pytest.mark.extended
def test_minimal_pairs_are_scored_as_in_babylm_s_evaluation(exported: Trained, tmp_path: Path) -> None:
    """Sentences padded on the right to a batch; the sum of the log-probabilities of each but its first token decides."""
    transformers = pytest.importorskip("transformers")
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "out", trust_remote_code=True).eval()
    tokens = transformers.AutoTokenizer.from_pretrained(tmp_path / "out", padding_side="right", trust_remote_code=True)
    sentences = [pair[kind] for pair in PAIRS for kind in ("good", "bad")]
    batch = tokens(sentences, return_tensors="pt", padding=True)
    with torch.no_grad():
        logits = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
    of_each = torch.log_softmax(logits[:, :-1], dim=-1).gather(2, batch.input_ids[:, 1:, None]).squeeze(2)
    scores = (of_each * batch.attention_mask[:, 1:]).sum(1).tolist()
    assert scores == pytest.approx([log_probability(exported, [], sentence) for sentence in sentences], abs=1e-3)
