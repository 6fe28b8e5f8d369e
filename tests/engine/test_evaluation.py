import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmrec_engine import create_data_loaders, evaluate_model, print_evaluation_metrics
from mmrec_engine.data.parts import Split
from mmrec_engine.data.prepare import Corpus
from mmrec_engine.data.windows import EvaluationWindows
from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation import validation
from mmrec_engine.evaluation.generation import Sampling, generate, next_token
from mmrec_engine.evaluation.metrics import bits_per_character, perplexity, student_95
from mmrec_engine.evaluation.ranks import Figures, Ranks
from mmrec_engine.evaluation.validation import evaluate_first, training_loss, validate, validate_sample
from mmrec_engine.events import result_of
from mmrec_engine.model.language_model import create_model
from mmrec_engine.settings.model_config import ModelConfig
from mmrec_engine.tokenizer import CharacterTokenizer


class Bigram(nn.Module):
    """A module of a user: maps ids to logits, with dropout in training."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.table = nn.Embedding(vocabulary, vocabulary)
        self.dropout = nn.Dropout(0.5)

    def forward(self, ids: Tensor) -> Tensor:
        return self.dropout(self.table(ids))


def test_guide_example_works_with_any_module(prose: str, capsys: pytest.CaptureFixture[str]) -> None:
    cut = int(len(prose) * 0.9)
    train_loader, val_loader, tokenizer = create_data_loaders(
        train_texts=[prose[:cut]], val_texts=[prose[cut:]], vocab_size=5000, seq_len=64, batch_size=4
    )
    batch = next(iter(train_loader))
    assert set(batch) == {"input_ids", "labels"}
    assert batch["input_ids"].shape == batch["labels"].shape == (4, 64)
    assert batch["input_ids"].dtype == torch.int64
    assert torch.equal(batch["input_ids"][:, 1:], batch["labels"][:, :-1])
    assert tokenizer.decode(batch["input_ids"][0].tolist()) in prose

    torch.manual_seed(0)
    model, criterion = Bigram(tokenizer.vocab_size), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    before = evaluate_model(model=model, data_loader=val_loader, criterion=criterion, device="cpu")
    for _ in range(3):
        for batch in train_loader:
            logits = model(batch["input_ids"])
            loss = criterion(logits.flatten(0, 1), batch["labels"].flatten())
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    after = evaluate_model(model=model, data_loader=val_loader, criterion=criterion, device="cpu")
    assert after["loss"] < before["loss"] - 0.5
    assert after["perplexity"] == pytest.approx(math.exp(after["loss"]))
    assert 0.1 < after["accuracy"] < 1
    assert after["num_batches"] == len(val_loader)
    assert model.training, "evaluation left the model in another mode"
    print_evaluation_metrics(after)
    assert capsys.readouterr().out.startswith("Validation Metrics:\n  Loss: ")


def test_evaluation_leaves_the_module_unchanged() -> None:
    class Caching(Bigram):
        kept: Tensor | None = None

        def forward(self, ids: Tensor) -> Tensor:
            if self.kept is None:
                self.kept = torch.ones(7)
            return super().forward(ids) * self.kept

    model = Caching(7)
    model.dropout.eval()
    batches = [{"input_ids": torch.zeros(1, 4, dtype=torch.int64), "labels": torch.ones(1, 4, dtype=torch.int64)}]
    evaluate_model(model, batches, nn.CrossEntropyLoss(), "cpu")
    assert model.training
    assert not model.dropout.training, "a frozen part was set to train"
    model(batches[0]["input_ids"]).sum().backward()


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_loss_is_a_mean_over_tokens_for_any_batching(reduction: str) -> None:
    torch.manual_seed(1)
    model = Bigram(7)
    ids, labels = torch.randint(0, 7, (5, 9)), torch.randint(0, 7, (5, 9))
    labels[4, 3:] = -100
    model.eval()
    counted = labels != -100
    expected = nn.functional.cross_entropy(model(ids)[counted], labels[counted]).item()
    for split in ([5], [2, 3], [1, 1, 1, 1, 1]):
        batches = [
            {"input_ids": part, "labels": wanted}
            for part, wanted in zip(ids.split(split), labels.split(split), strict=True)
        ]
        metrics = evaluate_model(model, batches, nn.CrossEntropyLoss(reduction=reduction), "cpu")
        assert metrics["loss"] == pytest.approx(expected, rel=1e-6)


def test_each_pass_over_the_training_loader_is_a_new_epoch(prose: str) -> None:
    loaders = [create_data_loaders([prose], [prose], seq_len=32, batch_size=8)[0] for _ in range(2)]
    epochs = [torch.cat([batch["input_ids"] for batch in loader]) for loader in loaders for _ in range(2)]
    assert torch.equal(epochs[0], epochs[2])
    assert torch.equal(epochs[1], epochs[3])
    assert not torch.equal(epochs[0], epochs[1])
    assert len(epochs[0]) == len(loaders[0].dataset)  # type: ignore[arg-type]


def test_texts_shorter_than_a_window_are_refused() -> None:
    with pytest.raises(RequestError, match="less than one window"):
        create_data_loaders(["short"], ["short"], seq_len=512)


def test_perplexity_and_bits_per_character_have_their_units() -> None:
    assert perplexity(math.log(20)) == pytest.approx(20)
    assert perplexity(1e6) == math.inf
    assert math.isnan(perplexity(math.nan))
    assert bits_per_character(math.log(2), tokens=10, characters=20) == pytest.approx(0.5)


def drawn(logits: list[float], count: int = 400, **how: float) -> set[int]:
    generator = torch.Generator().manual_seed(1)
    seen = torch.tensor([False, False, True, False, False])
    sampling = Sampling(**{"temperature": 1.0, **how})  # type: ignore[arg-type]
    return {next_token(torch.tensor(logits), seen, [0], sampling, generator) for _ in range(count)}


def test_sampling_respects_temperature_top_k_and_top_p() -> None:
    logits = [9.0, 1.0, 2.0, 0.5, 0.0]
    assert drawn(logits) == {1, 2, 3, 4}, "the special token was drawn, or another never"
    assert drawn(logits, temperature=0.0) == {2}
    assert drawn(logits, temperature=1e-6) == drawn(logits, temperature=5e-324) == {2}
    assert drawn(logits, top_k=2) == {1, 2}
    assert drawn(logits, top_p=0.5) == {2}
    assert drawn(logits, top_p=0.75) == {1, 2}
    assert drawn(logits, temperature=0.0, repetition_penalty=3.0) == {1}


def test_same_seed_generates_the_same_text() -> None:
    tokenizer = CharacterTokenizer("abcdefgh \n")
    model = create_model(ModelConfig("mmrec", tokenizer.vocab_size, 16, 1, 1, 8), 1)
    texts = ["".join(generate(model, tokenizer, "abc", 50, Sampling(seed=seed))) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert len(texts[0]) == 50
    assert "".join(generate(model, tokenizer, "", 5, Sampling()))
    model.train()
    for _ in generate(model, tokenizer, "a", 2, Sampling(temperature=1e-40)):
        assert model.training
        assert not torch.is_inference_mode_enabled()


def corpus_of(train: int, held_out: int) -> Corpus:
    tokenizer = CharacterTokenizer("abcdefgh")
    ids = np.random.default_rng(3).integers(1, 9, train + held_out).astype(np.uint8)
    splits = (Split(ids[:train], train, 0), Split(ids[train:], held_out, 0))
    return Corpus("made", "0", 1, tokenizer, *splits, ())


def test_training_split_loss_uses_a_bounded_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    corpus = corpus_of(20_000, 8_001)
    model = create_model(ModelConfig("mmrec", corpus.tokenizer.vocab_size, 16, 1, 2, 32), 1)
    seen: list[int] = []
    real = EvaluationWindows.batch
    monkeypatch.setattr(EvaluationWindows, "batch", lambda self, numbers: seen.extend(numbers) or real(self, numbers))
    result_of(training_loss(model, corpus, 32))
    assert len(seen) == len(set(seen)) == 250, "as many windows as the validation split has"
    seen.clear()
    monkeypatch.setattr(validation, "MOST_BESIDE", 3200)
    result_of(training_loss(model, corpus, 32))
    assert len(seen) == 100
    assert (seen[0], seen[-1]) == (0, 624), "spread over all of the text"


def test_validation_sample_is_fixed_and_the_rest_completes_it() -> None:
    corpus = corpus_of(1000, 8_001)
    model = create_model(ModelConfig("mmrec", corpus.tokenizer.vocab_size, 16, 1, 2, 32), 1)
    whole = result_of(validate(model, corpus, 32))
    alone, completed = (result_of(validate_sample(model, corpus, 32, 1000, others)) for others in (False, True))
    assert whole is not None
    assert alone is not None
    assert completed is not None
    assert alone[0] == completed[0]
    assert alone[0].tokens < 1400
    assert alone[0] is alone[1]
    assert completed[1].tokens == whole.tokens == 8000
    assert completed[1].loss == pytest.approx(whole.loss, rel=1e-6)
    first = evaluate_first(model, EvaluationWindows(corpus.validation.tokens, 32))
    sums = result_of(first)
    assert sums is not None
    assert whole.first_loss == sums.loss


@pytest.mark.parametrize("size", [2, 3, 5])
def test_ranks_divide_a_validation_and_come_to_the_figures_of_one(size: int) -> None:
    corpus = corpus_of(1000, 30_001)
    model = create_model(ModelConfig("mmrec", corpus.tokenizer.vocab_size, 16, 1, 2, 32), 1)
    of_one = result_of(validate(model, corpus, 32))
    assert of_one is not None and of_one.batches == 8
    figures: list[list[Figures]] = []  # of each rank, as it has them to add up

    def kept(own: Figures) -> Figures:
        figures[-1].append(own.copy())
        return np.ones_like(own)

    for rank in range(size):
        figures.append([])
        result_of(validate(model, corpus, 32, ranks=Ranks(rank, size, total=kept)))
    sums = [np.sum(shares, axis=0) for shares in zip(*figures, strict=True)]
    for shares in zip(*figures, strict=True):
        assert (sum(share[:, 2] > 0 for share in shares) == 1).all(), "each batch is one rank's"
    for rank in range(size):
        of_all = iter(sums)
        assert result_of(validate(model, corpus, 32, ranks=Ranks(rank, size, total=lambda own: next(of_all)))) == of_one  # noqa: B023


@pytest.mark.parametrize(("degrees", "table"), [(7, 2.365), (9, 2.262), (15, 2.131), (95, 1.985), (10_000, 1.960)])
def test_confidence_interval_matches_students_t(degrees: int, table: float) -> None:
    assert student_95(degrees) == pytest.approx(table, abs=0.01)
