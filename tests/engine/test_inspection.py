"""The loss of each token, and what silencing a memory costs, against independent computations."""

import copy
import math
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from mmrec_engine.errors import RequestError
from mmrec_engine.evaluation.inspection import POSITIONS, Inspection, inspect
from mmrec_engine.evaluation.trained_model import Trained
from mmrec_engine.events import result_of
from mmrec_engine.model.language_model import LanguageModel
from mmrec_engine.model.multi_memory import MemoryState, MultiMemory, time_constants
from mmrec_engine.settings.model_config import Architecture, ModelConfig
from mmrec_engine.tokenizer import CharacterTokenizer

TEXT = "the cat sat on the mat, and the dog sat on the log. " * 30


def a_trained_model(architecture: Architecture = "mmrec") -> Trained:
    tokenizer = CharacterTokenizer("".join(sorted(set(TEXT))))
    config = ModelConfig(architecture, tokenizer.vocab_size, 32, 2, 4, 64)
    torch.manual_seed(1)
    model = LanguageModel(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return Trained(Path("run"), model, tokenizer, {}, {}, 1)


def inspected(trained: Trained, most: int = 1500) -> Inspection:
    return result_of(inspect(trained, trained.tokenizer.encode(TEXT), most))


def loss_of(model: LanguageModel, ids: torch.Tensor) -> float:
    with torch.no_grad():
        return float(functional.cross_entropy(model(ids[:, :-1])[0].double(), ids[0, 1:]))


def test_losses_and_alternatives_match_one_pass_over_the_text() -> None:
    trained = a_trained_model()
    seen = inspected(trained, 1200)
    ids = torch.from_numpy(trained.tokenizer.encode(TEXT)[:1200].astype("int64"))[None]
    with torch.no_grad():
        logprobs = torch.log_softmax(trained.model(ids)[0].double(), dim=-1)
    assert "".join(token.text for token in seen.tokens) == TEXT[:1200]
    assert seen.tokens[0].logprob is None and seen.left_out == len(TEXT) - 1200
    for number in (1, 5, 700, 1199):
        token, expected = seen.tokens[number], logprobs[number - 1]
        assert token.logprob == pytest.approx(float(expected[ids[0, number]]), abs=1e-4)
        assert [index for index, _ in token.likeliest] == expected.topk(5).indices.tolist()
    assert seen.loss == pytest.approx(loss_of(trained.model, ids), abs=1e-4)
    assert seen.bits_per_character == pytest.approx(seen.loss / math.log(2))
    hardest = [seen.tokens[index].logprob or 0.0 for index in seen.hardest(10)]
    assert hardest == sorted(hardest) and hardest[0] == min(token.logprob or 0.0 for token in seen.tokens)


def test_a_silenced_memory_gives_the_loss_without_its_columns() -> None:
    trained = a_trained_model()
    before = copy.deepcopy(trained.model.state_dict())
    seen = inspected(trained)
    ids = torch.from_numpy(trained.tokenizer.encode(TEXT)[:1500].astype("int64"))[None]
    assert [memory.time_constant for memory in seen.memories] == time_constants(4).tolist()
    for head, memory in enumerate(seen.memories):
        without = copy.deepcopy(trained.model)
        for module in without.modules():
            if isinstance(module, MultiMemory):
                module.project_out.weight.data[:, head * 8 : (head + 1) * 8] = 0.0
        assert memory.loss_without == pytest.approx(loss_of(without, ids), abs=1e-4)
        assert memory.loss_without != pytest.approx(seen.loss, abs=1e-4)
    after = trained.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_norms_are_those_of_the_recurrence_token_by_token() -> None:
    trained = a_trained_model()
    seen = inspected(trained, 300)
    assert len(seen.positions) == POSITIONS and seen.positions[-1] == 300
    state = trained.model.initial_state(1)
    decay = torch.exp(-1.0 / time_constants(4))
    with torch.no_grad():
        for position, index in enumerate(trained.tokenizer.encode(TEXT)[:300].tolist(), 1):
            _, state = trained.model.advance(torch.tensor([[index]]), state)
            if position not in (seen.positions[0], seen.positions[20], 300):
                continue
            norms = torch.stack([one.memory[0].flatten(1).norm(dim=1) for one in state if isinstance(one, MemoryState)])
            expected = ((1 - decay**2).sqrt() * norms).mean(0)
            row = seen.positions.index(position)
            assert [memory.norms[row] for memory in seen.memories] == pytest.approx(expected.tolist(), rel=1e-3)


def test_a_transformer_has_losses_and_no_memories() -> None:
    trained = a_trained_model("gpt")
    seen = inspected(trained, 200)
    assert seen.memories == () and seen.positions == ()
    assert len(seen.tokens) == 200


def test_a_text_of_one_token_is_refused() -> None:
    with pytest.raises(RequestError) as error:
        inspected(a_trained_model(), 1)
    assert error.value.key == "text-empty-to-look-at"
