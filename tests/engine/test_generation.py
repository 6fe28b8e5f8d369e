"""Samples of a model: reproducible each on its own, ended at a stop text, with the probability of each token."""

from __future__ import annotations

import itertools

import pytest
import torch

from mmrec_engine.evaluation.generation import Prompt, Sampling, TextSample, generate
from mmrec_engine.evaluation.stop_texts import StopTexts
from mmrec_engine.model.language_model import LanguageModel, create_model
from mmrec_engine.settings.model_config import Architecture, ModelConfig
from mmrec_engine.tokenizer import CharacterTokenizer
from mmrec_engine.tokenizer.vocabulary import UNKNOWN

TOKENIZER = CharacterTokenizer("abcdefgh", (UNKNOWN, "<end>"))


def _model(architecture: Architecture = "mmrec") -> LanguageModel:
    model = create_model(ModelConfig(architecture, TOKENIZER.vocab_size, 16, 2, 2, 32), 1).eval()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():
                parameter.normal_(std=0.3, generator=generator)
    return model


def _prompt(model: LanguageModel, text: str = "abc", likeliest: int | None = None) -> Prompt:
    return Prompt(model, TOKENIZER, TOKENIZER.encode(text).tolist(), likeliest=likeliest)


@pytest.mark.parametrize("architecture", ["mmrec", "gpt", "llama"])
def test_each_sample_of_a_seed_is_the_same_whatever_else_is_drawn(architecture: Architecture) -> None:
    model, sampling = _model(architecture), Sampling(seed=5)
    alone = ["".join(TextSample(_prompt(model), 40, sampling, number)) for number in range(3)]
    assert len(set(alone)) == 3 and alone[0] == "".join(generate(model, TOKENIZER, "abc", 40, sampling))
    shared = _prompt(model)
    samples = [TextSample(shared, 40, sampling, number) for number in (2, 0, 1)]
    written = ["", "", ""]
    while any(sample.finish_reason is None for sample in samples):
        for place, sample in enumerate(samples):
            written[place] += sample.step()
    assert written == [alone[2], alone[0], alone[1]]


def test_sample_ends_before_its_first_stop_text() -> None:
    model, sampling = _model(), Sampling(seed=3)
    whole = "".join(TextSample(_prompt(model), 60, sampling))
    stop = whole[20:24]
    sample = TextSample(_prompt(model), 60, sampling, stop=["never there", stop])
    assert "".join(sample) == whole[: whole.index(stop)]
    assert (sample.finish_reason, sample.stopped_at) == ("stop", stop)
    assert sample.count == whole.index(stop) + len(stop), "nothing is drawn after it"
    through = TextSample(_prompt(model), 60, sampling, stop=["never there", whole[-1] + "x"])
    assert "".join(through) == whole and through.finish_reason == "length", "what was held back comes at the end"


def test_stop_text_is_found_however_the_text_is_cut() -> None:
    text, stops = "aabaabaac", ["aabaac", "zz"]
    for cuts in itertools.product([False, True], repeat=len(text) - 1):
        pieces, last = [], 0
        for place, cut in enumerate(cuts, 1):
            if cut:
                pieces.append(text[last:place])
                last = place
        filtered = StopTexts(stops)
        shown = [filtered.passed(piece) for piece in (*pieces, text[last:])]
        assert "".join(shown) + filtered.rest() == "aab" and filtered.found == "aabaac"
    undecided = StopTexts(["abc"])
    assert [undecided.passed(piece) for piece in ("xa", "b", "d")] == ["x", "", "abd"]


def test_probabilities_of_prompt_and_sample_are_the_models_own() -> None:
    model = _model()
    prompt = _prompt(model, "abcdefgh" * 200, likeliest=3)  # longer than one piece
    sample = TextSample(prompt, 5, Sampling(temperature=0.0, repetition_penalty=3.0), likeliest=3)
    text = "".join(sample)
    ids = [*TOKENIZER.encode("abcdefgh" * 200).tolist(), *(token.index for token in sample.scored)]
    with torch.no_grad():
        expected = torch.log_softmax(model(torch.tensor([ids]))[0].double(), dim=-1)
    every = [*prompt.scored, *sample.scored]
    assert [token.index for token in every] == ids and every[0].logprob is None
    for place, token in enumerate(every[1:]):
        assert token.logprob == pytest.approx(float(expected[place, token.index]), abs=1e-5)
        assert [index for index, _ in token.likeliest] == expected[place].topk(3).indices.tolist()
    assert "".join(token.text for token in sample.scored) == text
