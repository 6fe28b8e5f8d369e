from mmrec_engine.guide import ITEMS, PROBLEMS
from mmrec_engine.messages import LANGUAGES
from mmrec_engine.settings import resolve


def test_the_guide_has_its_items_and_problems() -> None:
    assert [sum(item.phase == phase for item in ITEMS) for phase in ("before", "during", "after")] == [4, 5, 4]
    assert [problem.id for problem in PROBLEMS] == ["loss-too-high", "loss-not-falling", "overfitting", "out-of-memory"]
    assert all(len(problem.remedies) == 3 for problem in PROBLEMS)
    ids = [entry.id for entry in (*ITEMS, *PROBLEMS)]
    assert len(set(ids)) == len(ids)


def test_everything_is_said_in_both_languages() -> None:
    words = [text for item in ITEMS for text in (item.question, item.why, item.do)]
    words += [text for problem in PROBLEMS for text in (problem.title, problem.seen, problem.why)]
    words += [remedy.title for problem in PROBLEMS for remedy in problem.remedies]
    for text in words:
        assert set(text) == set(LANGUAGES)
        assert all(text[language].strip() for language in LANGUAGES)
        assert text["en"] != text["tr"]


def test_every_remedy_names_settings_that_exist_with_values_that_are_allowed() -> None:
    for problem in PROBLEMS:
        for remedy in problem.remedies:
            settings = resolve(remedy.settings).settings
            assert all(getattr(settings, name) == value for name, value in remedy.settings.items())
    proposed = {name for problem in PROBLEMS for remedy in problem.remedies for name in remedy.settings}
    assert {"learning_rate", "warmup_steps", "dropout", "weight_decay", "early_stopping_patience"} <= proposed
