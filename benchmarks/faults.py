"""The faults for the checklist: name, how it is made, and the expected ids, one of which is enough."""

from __future__ import annotations

from benchmarks import faulty_texts as texts
from benchmarks import planting
from benchmarks.faulty_texts import prose
from benchmarks.trials import Trial

_SHORT = {"max_steps": 120, "eval_every": 40}
_LONG = {"max_steps": 360, "eval_every": 90}
_LONGER = {"max_steps": 240, "eval_every": 60}

OF_TEXTS: tuple[Trial, ...] = (
    Trial("validation text copied into training", ("split-overlap",), texts.leaking(1.0), quick=True),
    Trial("an eighth of the validation text copied into training", ("split-overlap",), texts.leaking(0.125), _SHORT),
    Trial(
        "validation side is the end of the training side", ("split-overlap",), texts.splits(prose(), prose()[80_000:])
    ),
    Trial("training text with its characters shuffled", ("split-alike", "corpus-text"), texts.shuffled_characters),
    Trial("training text backwards", ("split-alike",), texts.reversed_text, _SHORT),
    Trial("3 KB of text", ("corpus-size",), texts.one(prose()[:3000])),
    Trial(
        "15 KB of text for the mini model", ("corpus-size",), texts.one(prose()[:15_000]), {"config": "mini", **_SHORT}
    ),
    Trial("one line, repeated", ("corpus-text",), texts.repeated_line, quick=True),
    Trial("base64", ("corpus-text",), texts.encoded),
    Trial("random letters", ("corpus-text",), texts.random_letters),
    Trial("random bytes", ("corpus-nothing-usable", "corpus-readable"), texts.random_bytes),
    Trial(
        "random bytes, read as latin-1",
        ("corpus-nothing-usable", "corpus-text"),
        texts.random_bytes,
        {"encoding": "latin-1"},
    ),
    Trial("UTF-8 Turkish read before as windows-1252", ("mojibake",), texts.misread("windows-1252"), quick=True),
    Trial("UTF-8 Turkish read before as cp850", ("mojibake",), texts.misread("cp850")),
    Trial("windows-1254 Turkish read as latin-1", ("mojibake",), texts.windows_1254, {"encoding": "latin-1"}),
    Trial("half of the files undecodable", ("corpus-readable",), texts.half_undecodable),
    Trial("one of 24 files undecodable", ("corpus-readable",), texts.one_undecodable, _SHORT),
    Trial("validation in another language", ("split-alike",), texts.splits(prose(), prose("tr")[:20_000])),
    Trial("validation of another kind: code", ("split-alike",), texts.hard_validation),
    Trial("a fifth of the lines duplicated", ("duplicate-text",), texts.duplicated_lines(0.2), _SHORT),
    Trial("two fifths of the lines duplicated", ("duplicate-text",), texts.duplicated_lines(0.4)),
    Trial("validation text copied into training in capitals", ("split-overlap",), texts.upper_case_copies),
    Trial("a vocabulary of 20 characters", ("unknown-characters",), texts.rare_letters, {"vocab_size": 20}),
    Trial("a vocabulary of 60 characters", ("unknown-characters",), texts.rare_letters, {"vocab_size": 60}),
    Trial("web pages, most of it markup", ("markup",), texts.web_pages, _SHORT),
    Trial("a table of digits", ("corpus-text",), texts.table_of_digits),
)

_HIGH = ("hyperparameters", "loss-too-high", "update-ratio", "loss-spike", "non-finite")
_LOW = ("hyperparameters", "loss-not-falling")

OF_SETTINGS: tuple[Trial, ...] = (
    Trial("learning rate 0.3", _HIGH, texts.sound, {"learning_rate": 0.3}),
    Trial("learning rate 0.1", _HIGH, texts.sound, {"learning_rate": 0.1}),
    Trial("Muon at a rate of 1", _HIGH, texts.sound, {"recipe": "fast", "learning_rate": 1.0}),
    Trial("learning rate 1e-6", _LOW, texts.sound, {"learning_rate": 1e-6}),
    Trial("learning rate 3e-6", _LOW, texts.sound, {"learning_rate": 3e-6}),
    Trial("learning rate 1.5e-5", _LOW, texts.sound, {"learning_rate": 1.5e-5, **_LONG}),
    Trial("learning rate 2e-5, 2,200 small steps", ("underfitting", "loss-not-falling", "beats-baselines"), texts.sound, {"learning_rate": 2e-5, "batch_size": 1, "seq_len": 32, "max_steps": 2200, "eval_every": 550}),
    Trial("no clipping, rate 0.03", ("clipping-always", "hyperparameters", *_HIGH), texts.sound, {"grad_clip": 0.0, "learning_rate": 0.03}),
    Trial("warmup longer than the run", ("hyperparameters",), texts.sound, {"warmup_steps": 1000}),
    Trial("one window of 32 a step at a rate of 0.1", _HIGH, texts.sound, {"batch_size": 1, "seq_len": 32, "learning_rate": 0.1}),
    Trial("weight decay 10", ("hyperparameters", "loss-not-falling", "update-ratio"), texts.sound, {"weight_decay": 10.0, "learning_rate": 3e-3}),
    Trial("dropout 0.9", ("hyperparameters", "loss-not-falling", "underfitting"), texts.sound, {"dropout": 0.9, **_LONG}),
    Trial(
        "overfitting: 16 KB of text, many epochs", ("overfitting",), texts.one(prose()[:16_000]),
        {"recipe": "fast", "seq_len": 64, "batch_size": 8, "max_steps": 500, "eval_every": 25, "val_split": 0.15},
    ),
)  # fmt: skip

OF_BATCHES: tuple[Trial, ...] = (
    Trial("labels shuffled in the loop", ("loss-not-falling",), texts.sound, _LONGER, planting.in_the_batches(planting.shuffled_labels)),
    Trial("labels not shifted in the loop", ("targets-shifted", "perplexity-sane", "validation-below-training"), texts.sound, {}, planting.in_the_batches(planting.unshifted_labels), quick=True),
    Trial("labels one token too far in the loop", ("targets-shifted", "perplexity-sane", "validation-below-training"), texts.sound, _LONGER, planting.in_the_batches(planting.shifted_twice)),
    Trial("windows with labels from another place", ("targets-shifted",), texts.sound, {}, planting.at("mmrec_engine.data.windows._cut", planting.cut_elsewhere), quick=True),
    Trial("the same batch at every step", ("validation-below-training", "overfitting"), texts.sound, {}, planting.in_each_step(planting.first_batch_again)),
    Trial("one batch of random tokens", ("loss-spike",), texts.sound, {}, planting.in_the_batches(planting.corrupted(480)), least="note"),
    Trial("30 batches of random tokens", ("loss-spike", "loss-too-high"), texts.sound, {}, planting.in_the_batches(planting.corrupted(440, 120))),
)  # fmt: skip

_ALIVE = ("gradients-alive", "update-ratio")
_AHEAD = ("causality", "validation-below-training")

OF_MODELS: tuple[Trial, ...] = (
    Trial("a block whose output is discarded, in every model", _ALIVE, texts.sound, {}, planting.in_every_model(planting.cut_off(1)), quick=True),
    Trial("a block whose output is discarded, in the loop alone", ("update-ratio",), texts.sound, {}, planting.in_the_loop(lambda training: planting.cut_off(1)(training.model))),
    Trial("a block without gradients, in the loop alone", ("update-ratio",), texts.sound, {}, planting.in_the_loop(lambda training: planting.detached(2)(training.model))),
    Trial("a frozen block, in every model", _ALIVE, texts.sound, {}, planting.in_every_model(planting.frozen("blocks.1."))),
    Trial("a frozen block, in the loop alone", ("update-ratio",), texts.sound, {}, planting.in_the_loop(lambda training: planting.frozen("blocks.1.")(training.model))),
    Trial("a frozen embedding, in every model", _ALIVE, texts.sound, {}, planting.in_every_model(planting.frozen("embedding"))),
    Trial("a frozen head, in the loop alone", ("loss-not-falling", "update-ratio"), texts.sound, {}, planting.in_the_loop(lambda training: planting.frozen("head")(training.model))),
    Trial("the mixer is not causal", _AHEAD, texts.sound, {}, planting.in_every_model(planting.sees_ahead), quick=True),
    Trial("the GPT's attention is not causal", _AHEAD, texts.sound, {"arch": "gpt"}, planting.in_every_model(planting.attends_ahead)),
    Trial("the mixer is not causal, in the loop alone", _AHEAD, texts.sound, {"max_steps": 480, "eval_every": 80}, planting.in_the_loop(lambda training: planting.sees_ahead(training.model))),
    Trial("windows of a batch influence each other", ("causality",), texts.sound, {}, planting.in_every_model(planting.mixes_rows)),
    Trial("a head 50 times too wide", ("initial-loss",), texts.sound, {}, planting.in_every_model(planting.wide_head)),
    Trial("noise in the model that does not depend on the seed", ("deterministic",), texts.sound, {}, planting.in_every_model(planting.noisy)),
    Trial("dropout left on in evaluation", ("reload-same", "causality", "deterministic"), texts.sound, _SHORT, planting.in_the_loop(lambda training: planting.dropping(training.model))),
)  # fmt: skip

OF_STEPS: tuple[Trial, ...] = (
    Trial("a matrix that the optimizer does not update", ("update-ratio",), texts.sound, {}, planting.at("mmrec_engine.optim.optimizers._sorted_parameters", planting.one_forgotten)),
    Trial("gradients with the wrong sign", ("loss-too-high",), texts.sound, {}, planting.in_the_loop(planting.climbing), quick=True),
    Trial("gradients 1000 times too large", ("clipping-always",), texts.sound, {}, planting.in_the_loop(planting.scaled_gradients(1000.0))),
    Trial("gradients summed over 16 batches, not averaged", ("clipping-always",), texts.sound, _LONG, planting.in_the_loop(planting.scaled_gradients(16.0)), least="note"),
    Trial("gradients never reset", ("loss-too-high", "loss-not-falling", "clipping-always"), texts.sound, _LONG, planting.in_the_loop(planting.never_zeroed), least="note"),
    Trial("a weight becomes NaN", ("non-finite",), texts.sound, {}, planting.weights_set(80, planting.not_a_number), quick=True),
    Trial("weights reset during the run", ("loss-spike", "loss-too-high"), texts.sound, {}, planting.weights_set(110, planting.begun_again)),
    Trial("a rising schedule", ("loss-too-high", "loss-not-falling"), texts.sound, {}, planting.at("mmrec_engine.training.state.rate_factor", lambda step, *, planned, **others: step / planned)),
    Trial("memory for a micro-batch of two", ("out-of-memory",), texts.sound, {"max_steps": 60, "eval_every": 30}, planting.out_of_memory_above(2), quick=True),
    Trial("memory for no window", ("out-of-memory",), texts.sound, {}, planting.out_of_memory_above(0)),
    Trial("a model of one block, four wide", ("one-batch-overfit", "underfitting"), texts.sound, {}, planting.narrow_model),
)  # fmt: skip

OF_FILES: tuple[Trial, ...] = (
    Trial("best model damaged", ("best-saved",), texts.sound, _SHORT, afterwards=planting.damaged("best_model.pt"), quick=True),
    Trial("best model missing", ("best-saved",), texts.sound, _SHORT, afterwards=planting.missing("best_model.pt")),
    Trial("a model of another step in place of the best", ("best-saved", "reload-same"), texts.sound, _SHORT, afterwards=planting.best_is_another),
    Trial("final model damaged", ("final-saved",), texts.sound, _SHORT, afterwards=planting.damaged("final_checkpoint.pt")),
)  # fmt: skip

FAULTS: tuple[Trial, ...] = (*OF_TEXTS, *OF_SETTINGS, *OF_BATCHES, *OF_MODELS, *OF_STEPS, *OF_FILES)
