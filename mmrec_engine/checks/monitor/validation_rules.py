"""The rules on validations: comparison with the training loss, perplexity, accuracy, best and patience, from the second one
on.

Validations of a sample of the validation split are ignored.
"""

from __future__ import annotations

import math
from collections import deque

from mmrec_engine import events
from mmrec_engine.checks.finding import Values
from mmrec_engine.checks.monitor.run_state import FindingLog, Run
from mmrec_engine.checks.remedies import advice_below_baselines
from mmrec_engine.checks.specs import numbers

_FALLS = 0.01  # share by which training must have fallen since the best, for a rise to be overfitting
_FIVE_GRAM_OF_BIGRAM = 0.65  # if the 5-gram baseline is unknown
MEAN_OF = 50  # steps
_FALLS_AS = 0.12  # a loss falls no faster than steps^-0.12 in the second half of a run (as in target_loss.py)
_RISEN = 0.005  # share by which a validation loss is above its best, from which on it no longer falls
FROM_NOTHING = 0.9  # of ln V: a lower first loss is that of a trained model
_WHILE_TRAINING = ("wide", "severe")  # variants of `validation-below-training` that say whether to train on
_PASSED = ("validation-below-training", "perplexity-sane", "accuracy-rising", "early-stopping")


class ValidationRules:
    def __init__(self, run: Run, log: FindingLog) -> None:
        self._run, self._log = run, log
        self._count = 0
        self._last: events.Validation | None = None
        self._best: events.Validation | None = None
        self._since_best = 0
        self._rising = 0  # validations in a row, of each kind
        self._below = 0
        self._reading = ""  # comparison of the two losses when it was last reported
        self._gap_told_at = 0  # the step at which validation was last reported as far above training; 0: it is not now
        self._gap_judged_at = 0  # the step of the last validation that `_judge_gap` has judged
        self._too_good = 0
        self._steps_below = 0
        self._tokens = 0  # trained on so far
        self._first_loss: float | None = None
        self._losses: deque[float] = deque(maxlen=MEAN_OF)  # of the last steps
        self._falling_accuracy = 0
        self._best_accuracy = (-1.0, 0)  # and its step; since the model has settled
        self._early_accuracy: float | None = None  # the best before that
        self._unsaved: events.Validation | None = None  # the best, until its checkpoint has been seen

    def add(self, event: events.Validation) -> None:
        if event.sampled or (self._last is not None and event.step <= self._last.step):
            return
        self._last = event
        self._count += 1
        best, self._unsaved = self._best, None
        is_best = event.loss < (best.loss if best is not None else math.inf)
        self._since_best = 0 if is_best else self._since_best + 1
        if not math.isfinite(event.loss):
            values: Values = {"variant": "validation", "value": str(event.loss), "step": event.step}
            self._log.add("non-finite", "fail", 0.0, values)
            return
        if not self._check_count(event, is_best):
            self._unsaved = event if is_best and self._run.saves_best else None
        if is_best:
            self._best = event
        self._judge_overfitting(event)
        self._judge_by_baselines(event)
        self._judge_beside_training(event)
        self._look_for_early_rise(event)
        if self._count >= 2:
            self._judge(event)

    def add_step(self, event: events.Step) -> None:
        """Training goes on: the best must have been saved by now, and patience not be used up."""
        step, self._tokens = event.step, event.tokens
        self._first_loss = event.loss if self._first_loss is None else self._first_loss
        if event.curriculum is not None and event.curriculum < 1:
            self._losses.clear()  # they would be compared with the loss of easier text
        else:
            self._losses.append(event.loss)
        if self._unsaved is not None:
            self._tell_stopping("not-saved", self._unsaved.step)
            self._unsaved = None
        last = self._last
        if last is not None and last.patience_used >= self._run.patience and last.step < step < self._run.planned:
            self._tell_stopping("too-long", step, used=last.patience_used)

    def add_checkpoint(self, event: events.Checkpoint) -> None:
        if event.kind == "best":
            self._unsaved = None

    def finish(self) -> None:
        """The run has ended: apply the rules that need one validation only, and report which items could not be judged."""
        if self._unsaved is not None:
            self._tell_stopping("not-saved", self._unsaved.step)
        if self._last is not None and self._count == 1 and math.isfinite(self._last.loss):
            self._judge(self._last)
        if self._last is not None and 0 < self._gap_told_at < self._last.step == self._gap_judged_at:
            self._judge_gap(self._last, ended=True)
        for id in ("loss-not-falling", *_PASSED):
            late = self._last is None and id != "loss-not-falling"
            if not (id == "loss-not-falling" and self._log.stands("loss-too-high")):
                self._log.skipped(id, "no-evaluation" if late else "too-early")

    def _judge(self, event: events.Validation) -> None:
        self._judge_underfitting(event)
        self._judge_perplexity(event)
        self._judge_accuracy(event)
        if not self._log.stands("early-stopping") and self._best is not None:
            values: Values = {"step": event.step, "best": self._best.loss, "best_step": self._best.step}
            self._log.well("early-stopping", {**values, "used": event.patience_used, "patience": event.patience})

    def _judge_overfitting(self, event: events.Validation) -> None:
        best, limits = self._best, numbers("overfitting")
        if best is None or event is best:
            self._rising = 0
            if best is not None:
                values: Values = {"step": event.step, "loss": event.loss, "best": best.loss, "best_step": best.step}
                self._log.over("overfitting", values)
            return
        above = event.loss / best.loss - 1 if best.loss > 0 else 0.0
        falls = event.training_loss < (1 - _FALLS) * best.training_loss
        self._rising = self._rising + 1 if above > limits["above"] and falls else 0
        if self._rising >= min(limits["evaluations"], max(2, self._run.patience)):
            values = {"step": event.step, "loss": event.loss, "best": best.loss, "best_step": best.step, "above": above}
            values |= {
                "evaluations": self._rising,
                "training": event.training_loss,
                "training_before": best.training_loss,
            }
            self._log.add("overfitting", "warn", above, values)

    def _judge_by_baselines(self, event: events.Validation) -> None:
        """After half of its steps and the first steps, a model should be below the 5-gram baseline, or on its way there."""
        run, best, five = self._run, self._best, self._run.baselines.get("5-gram")
        if five is None or best is None:
            return
        values: Values = {"step": event.step, "loss": best.loss, "five_gram": five}
        if best.loss < five:
            self._log.over("beats-baselines", values)
        elif (
            run.settled <= event.step
            and run.planned / 2 <= event.step < run.planned
            and best.loss * (event.step / run.planned) ** _FALLS_AS > five
        ):
            details = {**values, "variant": "midway", "planned": run.planned, "apart": best.loss - five}
            details |= advice_below_baselines(run.settings)
            self._log.add("beats-baselines", "warn", 0.0, details)

    def _judge_beside_training(self, event: events.Validation) -> None:
        """Validation text in the training split, or labels visible in the input: both give too low losses."""
        limits = numbers("validation-below-training")
        loss, training, bits = event.loss, event.training_loss, event.bits_per_character
        if not (training > 0 and math.isfinite(training)):
            return
        apart = loss / training - 1
        self._below = self._below + 1 if apart < -limits["below"] else 0
        self._too_good = self._too_good + 1 if self._impossible(event, apart) else 0
        values: Values = {"step": event.step, "loss": loss, "training": training, "apart": abs(apart), "bits": bits}
        if self._below >= limits["evaluations"]:
            leak = {**values, "variant": "leak", "evaluations": self._below}
            self._log.add("validation-below-training", "warn", -apart, leak)
        elif self._too_good >= limits["evaluations"]:
            self._log.add("validation-below-training", "warn", 0.0, {**values, "variant": "too-good"})
        elif self._trains_on_something_else(event):
            steps = sum(self._losses) / MEAN_OF
            other = {
                **values,
                "variant": "other-task",
                "steps": steps,
                "mean_of": MEAN_OF,
                "apart": 1 - steps / training,
            }
            self._log.add("validation-below-training", "warn", 0.0, other)
        elif self._count >= 2 and not (self._below or self._too_good or self._steps_below):
            self._judge_gap(event)

    def _judge_gap(self, event: events.Validation, ended: bool = False) -> None:
        """The usual case: validation is about as high as training, or above it. ended: the run has ended, and what was
        reported before is reported again with the last values."""
        limits, run = numbers("validation-below-training"), self._run
        self._gap_judged_at = event.step
        apart = event.loss / event.training_loss - 1
        values: Values = {"step": event.step, "loss": event.loss, "training": event.training_loss, "apart": abs(apart)}
        reading = self._read_gap(event, apart, values)
        if reading in _WHILE_TRAINING and (ended or 0 < run.planned <= event.step):
            reading += "-ended"
        values["variant"] = reading
        severe = reading.startswith("severe")
        stays_far = self._gap_told_at > 0 and reading.startswith("wide")
        if severe or stays_far or apart > limits["far"] or reading == "wide-risen":
            tell = self._log.warn if severe else self._log.note
            told = tell("validation-below-training", apart, values, again=ended or reading != self._reading)
            self._gap_told_at = event.step if told else self._gap_told_at
        else:
            self._gap_told_at = 0
            self._log.well("validation-below-training", values, again=reading != self._reading)
        self._reading = reading

    def _read_gap(self, event: events.Validation, apart: float, values: Values) -> str:
        """The variant of the finding; what its words need besides is added to the values."""
        limits, run, best = numbers("validation-below-training"), self._run, self._best
        if apart <= limits["wide"]:
            return "below" if apart < 0 else "above"
        risen = best is not None and event.loss > (1 + _RISEN) * best.loss
        first_pass = event.step <= run.steps_an_epoch and self._begins_from_nothing
        severe = not first_pass and self._is_severe(event)
        if severe:
            values["times"] = event.loss / event.training_loss
        if best is not None and risen:
            values["best"] = best.loss
            return "severe-risen" if severe else "wide-risen"
        if severe:
            return "severe"
        if run.between_splits is not None:
            values["between_splits"] = run.between_splits
            return "wide-unlike"
        return "wide-first-pass" if first_pass else "wide"

    def _is_severe(self, event: events.Validation) -> bool:
        """Whether the gap is so large that much of the training split must be memorised, apart from what two splits of
        different kinds differ in."""
        severe, of_kinds = numbers("validation-below-training")["severe"], 0.0
        nats_a_character = event.bits_per_character * math.log(2)
        if self._run.between_splits is not None and nats_a_character > 0:
            of_kinds = self._run.between_splits * event.loss / nats_a_character
        return event.loss - of_kinds > (1 + severe) * event.training_loss

    def _trains_on_something_else(self, event: events.Validation) -> bool:
        """The losses of steps are far below the training split's loss without dropout, though they came before and had
        dropout.

        Then training and evaluation have different tasks: for example, labels that are not the next token. With few windows
        the loss varies: that of a token by about as much as its mean.
        """
        limits = numbers("validation-below-training")
        if len(self._losses) < MEAN_OF or not all(map(math.isfinite, self._losses)) or self._run.shows_other_text:
            return False
        share = max(limits["steps_below"], limits["scatter"] / math.sqrt(max(1, self._run.validation_tokens)))
        below = sum(self._losses) / MEAN_OF < (1 - share) * event.training_loss
        self._steps_below = self._steps_below + 1 if below else 0
        return self._steps_below >= limits["evaluations"]

    def _impossible(self, event: events.Validation, apart: float) -> bool:
        """Better than possible for unknown text: far below a 5-gram, or memorised as well as the training split."""
        limits, baselines, bits = numbers("validation-below-training"), self._run.baselines, event.bits_per_character
        five_gram = baselines.get("5-gram", _FIVE_GRAM_OF_BIGRAM * baselines.get("bigram", 0.0))
        far_below = bits < limits["bits"] and event.loss < limits["of_5_gram"] * five_gram
        by_heart = bits < limits["bits_by_heart"] and event.epoch >= limits["epochs"] and apart < limits["gap"]
        return bits < limits["least_bits"] or far_below or by_heart or self._too_soon(event)

    def _too_soon(self, event: events.Validation) -> bool:
        """Far below a 5-gram that counted the whole text, by a new model that has read little."""
        limits, uniform = numbers("validation-below-training"), self._run.uniform
        five_gram = self._run.baselines.get("5-gram")
        early = self._tokens <= limits["early_tokens"] and event.epoch <= limits["early_epochs"]
        if five_gram is None or uniform is None or not early:
            return False
        return self._begins_from_nothing and event.loss < limits["early_of_5_gram"] * five_gram

    @property
    def _begins_from_nothing(self) -> bool:
        first, uniform = self._first_loss, self._run.uniform
        return first is not None and uniform is not None and first > FROM_NOTHING * uniform

    def _judge_underfitting(self, event: events.Validation) -> None:
        limits, bigram = numbers("underfitting"), self._run.baselines.get("bigram")
        if bigram is None or event.step < limits["updates"]:
            return
        loss, training = event.loss, event.training_loss
        apart = abs(loss / training - 1) if training > 0 else math.inf
        values: Values = {"step": event.step, "loss": loss, "training": training, "apart": apart, "bigram": bigram}
        if apart < limits["apart"] and min(loss, training) > bigram:
            self._log.add("underfitting", "warn", 0.0, values)
        elif max(loss, training) < bigram:
            self._log.over("underfitting", values)

    def _judge_perplexity(self, event: events.Validation) -> None:
        run, unigram = self._run, self._run.baselines.get("unigram")
        values: Values = {"step": event.step, "loss": event.loss, "perplexity": event.perplexity}
        values["vocabulary"] = run.vocabulary
        if unigram is not None:
            values["unigram_perplexity"] = math.exp(min(unigram, 700.0))
        if run.uniform is not None and event.loss > run.uniform and event.step >= run.warmup:
            above = {**values, "variant": "above-vocabulary"}
            self._log.add("perplexity-sane", "fail", event.loss - run.uniform, above)
        elif unigram is not None and event.loss > unigram:
            if event.step >= run.settled:
                above = {**values, "variant": "above-unigram"}
                self._log.add("perplexity-sane", "warn", event.loss - unigram, above)
        elif run.uniform is not None or unigram is not None:
            self._log.well("perplexity-sane", values if unigram is None else {**values, "variant": "below-unigram"})

    def _look_for_early_rise(self, event: events.Validation) -> None:
        """Before accuracy can be judged: one that is clearly above the earlier ones is rising."""
        accuracy, before = event.accuracy, self._early_accuracy
        if event.step >= self._run.settled or not 0 <= accuracy <= 1:
            return
        self._early_accuracy = accuracy if before is None else max(before, accuracy)
        if before is not None and accuracy - before > self._usual_scatter(accuracy):
            values: Values = {"step": event.step, "accuracy": accuracy, "best": accuracy, "best_step": event.step}
            self._log.well("accuracy-rising", {**values, "variant": "rising"})

    def _usual_scatter(self, accuracy: float) -> float:
        """By how much an accuracy varies by chance."""
        run, limits = self._run, numbers("accuracy-rising")
        scatter = math.sqrt(accuracy * (1 - accuracy) / run.validation_tokens) if run.validation_tokens > 0 else 0.0
        return max(limits["points"], limits["deviations"] * scatter)

    def _judge_accuracy(self, event: events.Validation) -> None:
        """In the first steps a model predicts one token or another, and accuracy says little."""
        run, limits, accuracy = self._run, numbers("accuracy-rising"), event.accuracy
        if event.step < run.settled or not 0 <= accuracy <= 1:
            return
        best, best_step = self._best_accuracy
        values: Values = {"step": event.step, "accuracy": accuracy, "best": best, "best_step": best_step}
        if accuracy >= best:
            self._best_accuracy, self._falling_accuracy = (accuracy, event.step), 0
            if self._count == 1:
                return  # one value cannot rise
            self._log.well("accuracy-rising", {**values, "variant": "rising"})
            return
        if best - accuracy <= self._usual_scatter(best):
            self._falling_accuracy = 0
            self._log.well("accuracy-rising", {**values, "variant": "near-best"})
            return
        self._falling_accuracy += 1
        if self._falling_accuracy >= limits["evaluations"]:
            values |= {"points": 100 * (best - accuracy), "evaluations": self._falling_accuracy}
            self._log.add("accuracy-rising", "warn", best - accuracy, values)

    def _check_count(self, event: events.Validation, is_best: bool) -> bool:
        """Whether best or patience were miscounted, which is reported."""
        if event.best != is_best:
            self._tell_stopping("wrong-best" if event.best else "missed-best", event.step, loss=event.loss)
        elif event.patience_used != self._since_best:
            self._tell_stopping("miscounted", event.step, used=event.patience_used, real=self._since_best)
        else:
            return False
        self._since_best = event.patience_used
        return True

    def _tell_stopping(self, variant: str, step: int, **values: float) -> None:
        best = self._best
        details: Values = {"variant": variant, "step": step, "patience": self._run.patience, **values}
        details |= {} if best is None else {"best": best.loss, "best_step": best.step}
        self._log.add("early-stopping", "fail", 0.0, details)
