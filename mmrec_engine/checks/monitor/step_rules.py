"""The rules on training steps: not finite, too high, spikes, not falling, clipped, updates too large or too small.

The cheap part runs at every step and keeps windows of the last losses and norms; the rules that judge a state use them
every ten steps, and at the last planned one.
"Smoothed" is the mean of the last 50 losses, "initial" the loss of the first step.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque

from mmrec_engine import events
from mmrec_engine.checks.finding import Values
from mmrec_engine.checks.monitor.run_state import FindingLog, Run, number_of
from mmrec_engine.checks.specs import numbers
from mmrec_engine.settings.presets import OPTIMIZERS

MEAN_OF = 50
_LOOK_EVERY = 10
_BACK = 15  # evaluations of the rules: the state 150 steps ago
_MOST_LOSS = 1e9
_LEAST_LOSS = 1e-9  # of the divisor, where an initial loss is 0
_SHORT_RUN = 100  # steps of a run that is too short to judge whether its loss falls
_LEAST_FOR_A_MEDIAN = 50
_FALLING = 0.01  # share by which a loss must fall in 100 steps to count as falling
_RAISED = 1.1  # times the schedule's factor of the step before, after the warmup: a run was extended
_BOUNCED = 0.02  # share above the lowest loss so far that only too large steps explain
_WARM_START = 0.9  # of ln V: a lower first loss is that of a trained model
_FELL_FAR = 0.25  # of the initial loss, where the unigram is not known
_HIGH_WITHOUT_BIGRAM = 0.75  # of ln V: the unigram of most texts
_CLIP_IF_NONE = 1.0
_STILL = 0.01  # update ratio per learning rate; AdamW and Muon give 0.5 … 10


class StepRules:
    def __init__(self, run: Run, log: FindingLog) -> None:
        self._run, self._log = run, log
        self._count = 0
        self._initial: float | None = None
        self._first: list[float] = []
        self._losses: deque[float] = deque(maxlen=MEAN_OF)
        self._window = int(numbers("loss-spike")["window"])
        self._order: deque[float] = deque()  # the last 100 losses, in order
        self._sorted: list[float] = []  # and sorted
        self._norms: deque[float] = deque(maxlen=int(numbers("clipping-always")["window"]))
        self._smoothed: deque[float] = deque(maxlen=_BACK + 1)  # one for each evaluation of the rules
        self._factor_before = math.inf  # of the schedule, in the last step
        self._raised_until = 0
        self._lowest = math.inf
        self._lowest_step = 0  # of the last clear new minimum
        self._slow_steps = 0  # since then, at a relevant learning rate
        self._bounced = False
        self._risen_since: int | None = None
        self._spikes = 0
        self._last_spike = -(10**9)
        self._odd_ratios = 0
        self._highest_ratio = 0.0

    def add(self, event: events.Step) -> None:
        loss, norm = event.loss, event.grad_norm
        if not (math.isfinite(loss) and math.isfinite(norm)):
            what, value = ("gradient", norm) if math.isfinite(loss) else ("loss", loss)
            self._log.add("non-finite", "fail", 0.0, {"variant": what, "value": str(value), "step": event.step})
            return
        loss = min(max(loss, -_MOST_LOSS), _MOST_LOSS)
        self._count += 1
        if len(self._first) < 10:
            self._first.append(loss)
        if len(self._sorted) >= _LEAST_FOR_A_MEDIAN:
            self._look_for_spike(event.step, loss)
        factor = event.learning_rate / self._run.rate if self._run.rate > 0 else 1.0
        if event.step > self._run.warmup and factor > _RAISED * self._factor_before:
            self._raised_until = event.step + MEAN_OF  # until no loss of before is in the mean
        if event.step < self._raised_until or (event.curriculum is not None and event.curriculum < 1):
            self._forget_what_was()
        self._factor_before = factor
        self._losses.append(loss)
        self._order.append(loss)
        insort(self._sorted, loss)
        if len(self._order) > self._window:
            del self._sorted[bisect_left(self._sorted, self._order.popleft())]
        self._norms.append(norm)
        if event.update_ratio is not None:
            self._look_at_ratio(event, event.update_ratio)
        if self._count % _LOOK_EVERY == 0 or event.step == self._run.planned:
            self._look(event)

    def _forget_what_was(self) -> None:
        """Earlier text was easier under a curriculum, and the rate lower before a run was extended: a higher loss is no rise
        then, and a constant one no plateau."""
        self._lowest, self._slow_steps, self._risen_since = math.inf, 0, None

    def finish(self) -> None:
        """The run has ended, possibly before its last planned step: apply the rules that can be applied to a short run."""
        if self._count and self._run.step < self._run.planned:
            self._judge_fall(self._run.step, at_end=True)

    def refuse(self, event: events.RunFinished) -> None:
        """The run failed because a number was not finite."""
        values = event.values
        what = str(values.get("what")) if values.get("what") in ("gradient", "weight") else "loss"
        details: Values = {
            "variant": what,
            "value": str(values.get("value", "")),
            "step": values.get("step", event.step + 1),
        }
        if isinstance(values.get("module"), str) and values["module"] not in ("", "?"):
            details |= {"variant": f"{what}-in", "module": values["module"]}
        self._log.add("non-finite", "fail", 0.0, details)

    def add_out_of_memory(self, event: events.SettingsChanged) -> None:
        """The same windows are computed again with a smaller micro-batch."""
        values: Values = {"variant": "halved", "step": event.step + 1}
        values |= {"before": event.before.get("microbatch"), "after": event.changes.get("microbatch")}
        self._log.add("out-of-memory", "warn", 1.0 / max(1.0, number_of(event.changes, "microbatch", 1.0)), values)

    def end_without_memory(self, event: events.RunFinished) -> None:
        values: Values = {"step": event.step + 1, "batch_size": event.values.get("batch_size", 1)}
        self._log.add("out-of-memory", "fail", 1.0, {**values, "seq_len": event.values.get("seq_len", 0)})

    def _look_for_spike(self, step: int, loss: float) -> None:
        ordered = self._sorted
        median = ordered[len(ordered) // 2]
        limits = _SPIKE
        if loss < limits["factor"] * median or median <= 0:
            return
        deviation = sorted(abs(value - median) for value in ordered)[len(ordered) // 2]
        if loss <= median + limits["deviations"] * deviation:
            return
        if self._log.stands("loss-too-high"):
            return
        # A single outlier batch (a table in prose) is a note; a spike that is large or lasts is more.
        stays = step - self._last_spike <= limits["near"]
        large = loss >= limits["large_factor"] * median
        self._spikes += not stays
        self._last_spike = step
        values: Values = {"step": step, "loss": loss, "median": median, "factor": loss / median, "count": self._spikes}
        if self._spikes > 1:
            values["variant"] = "again"
        self._log.add("loss-spike", "warn" if stays or large else "note", float(self._spikes), values)

    def _look_at_ratio(self, event: events.Step, ratio: float) -> None:
        """The hidden matrix with the most unusual update ratio, measured every 50 steps: two in a row are 50 steps."""
        run, limits = self._run, _RATIO
        self._highest_ratio = max(self._highest_ratio, ratio) if event.step > run.warmup else 0.0
        still = ratio <= _STILL * event.learning_rate and event.step >= min(run.warmup, _SHORT_RUN) + MEAN_OF
        if event.learning_rate < limits["rate"] * run.rate and not still:
            self._odd_ratios = 0
            return
        high = not ratio <= limits["highest"] and event.step >= run.warmup
        low = ratio < limits["lowest"] and event.step >= run.warmup + limits["settled_steps"]
        if not (high or low or still):
            self._odd_ratios = 0
            self._log.over("update-ratio", {"ratio": ratio, "step": event.step})
            return
        self._odd_ratios += 1
        if self._odd_ratios >= 2:
            variant = "high" if high else "still" if still else "low"
            self._log.add("update-ratio", "warn", 0.0, {"variant": variant, "ratio": ratio, "step": event.step})

    def _look(self, event: events.Step) -> None:
        run, step = self._run, event.step
        self._look_at_pace(event)
        smoothed = sum(self._losses) / len(self._losses)
        if self._initial is None:
            self._initial = self._initial_loss()
        if self._look_for_blow_up(step, smoothed) or len(self._losses) < MEAN_OF:
            return
        self._smoothed.append(smoothed)
        self._look_for_minimum(event, smoothed)
        if step >= run.warmup + len(self._norms):
            self._look_at_clipping(step)
        if step >= run.settled or step == run.planned:
            self._judge_fall(step, at_end=step == run.planned)
        elif not self._log.is_known("loss-not-falling"):
            self._pass_early(step, smoothed)

    def _initial_loss(self) -> float:
        """The first loss; after a warm start, where the first batch may be an easy one, the median of ten."""
        first, uniform = self._first[0], self._run.uniform
        return max(first, sorted(self._first)[len(self._first) // 2]) if uniform and first < uniform else first

    @property
    def _warm_start(self) -> bool:
        """The first weights were trained before: the loss need not fall far, and the first losses vary like the others."""
        uniform = self._run.uniform
        return uniform is not None and self._initial is not None and self._initial < _WARM_START * uniform

    def _look_for_blow_up(self, step: int, smoothed: float) -> bool:
        """Above the initial loss: clearly at any time, or by any amount once the warmup has ended."""
        limits, initial = _HIGH, self._initial
        assert initial is not None
        ceiling = max(initial, self._run.uniform or 0.0)
        early = int(limits["early_steps"])
        if self._count >= early:
            recent = sum(list(self._losses)[-early:]) / early
            if recent > (1 + limits["early_above"]) * ceiling:
                return self._too_high("above-initial", step, recent, early, recent / max(initial, _LEAST_LOSS))
        above = limits["early_above"] if self._warm_start else limits["above"]
        if step >= self._run.warmup and len(self._losses) == MEAN_OF and smoothed > (1 + above) * initial:
            return self._too_high("above-initial", step, smoothed, MEAN_OF, smoothed / max(initial, _LEAST_LOSS))
        return False

    def _too_high(self, variant: str, step: int, smoothed: float, mean_of: int, severity: float) -> bool:
        values: Values = {"variant": variant, "step": step, "smoothed": smoothed, "mean_of": mean_of}
        values |= {"initial": self._initial, "lowest": self._lowest, "uniform": self._run.uniform}
        if "unigram" in self._run.baselines:
            values["unigram"] = self._run.baselines["unigram"]
        self._log.add("loss-too-high", "fail", severity, values)
        return True

    def _look_for_minimum(self, event: events.Step, smoothed: float) -> None:
        if smoothed < self._lowest - max(_FALL["minimum"] * smoothed, 2 * self._scatter(smoothed)):
            self._lowest, self._lowest_step, self._slow_steps = smoothed, event.step, 0
        elif event.learning_rate >= 0.25 * self._run.rate:
            self._slow_steps += _LOOK_EVERY
        if smoothed > (1 + _BOUNCED) * self._lowest:
            self._bounced = True

    def _judge_fall(self, step: int, at_end: bool) -> None:
        run, log, limits, initial = self._run, self._log, _FALL, self._initial
        if initial is None or initial <= 0:
            return
        losses = list(self._losses)
        early = step < run.settled
        mean_of = len(losses) if not early or len(losses) < MEAN_OF else _HIGH_EARLY
        smoothed = sum(losses[-mean_of:]) / mean_of
        fell = 1 - smoothed / initial
        values: Values = {"step": step, "smoothed": smoothed, "mean_of": mean_of, "initial": initial, "fell": fell}
        unigram, bigram = run.baselines.get("unigram"), run.baselines.get("bigram")
        if fell < limits["fall"] and not self._warm_start:
            if self._count >= _SHORT_RUN and not (self._bounced and log.stands("loss-too-high")):
                log.add("loss-not-falling", "fail", 0.0, {"variant": "hardly-fell", **values})
            return
        if early:
            if at_end and unigram is not None and self._rests_at(unigram):
                resting: Values = {**values, "smoothed": self._smoothed[-1], "mean_of": MEAN_OF, "unigram": unigram}
                log.add("loss-not-falling", "warn", 0.0, {**resting, "variant": "at-unigram"})
            elif at_end and not log.stands("loss-too-high"):
                log.well("loss-not-falling", values)
            return
        if run.uniform is not None and smoothed > (1 + _HIGH["above"]) * run.uniform:
            self._too_high("above-uniform", step, smoothed, MEAN_OF, smoothed / run.uniform)
            return
        if unigram is not None and smoothed > (1 - limits["near"]) * unigram:
            self._judge_near_unigram(step, smoothed, unigram, values)
            return
        if self._risen(step, smoothed):
            return
        if smoothed < (1 - limits["near"]) * initial:
            log.over("loss-too-high", values)
        high = (1 - limits["near"]) * bigram if bigram is not None else _HIGH_WITHOUT_BIGRAM * (run.uniform or 0.0)
        patience = max(limits["steps"], min(limits["share"] * run.planned, limits["most_steps"]))
        if smoothed > high > 0 and self._slow_steps >= (limits["steps"] / 2 if at_end else patience):
            stuck = {"variant": "stuck", "bigram": bigram} if bigram is not None else {"variant": "stuck-high"}
            steps = step - self._lowest_step
            log.add(
                "loss-not-falling", "warn", float(steps), {**values, **stuck, "steps": steps, "uniform": run.uniform}
            )
        elif smoothed <= high or self._slow_steps == 0 or not log.is_known("loss-not-falling"):
            log.well("loss-not-falling", values)

    def _pass_early(self, step: int, smoothed: float) -> None:
        """Before the rules can be applied: a loss at its lowest that has fallen far, and below what frequencies alone reach, is
        falling. Whether another one does not fall is judged later."""
        initial, unigram = self._initial, self._run.baselines.get("unigram")
        if initial is None or initial <= 0 or self._log.stands("loss-too-high"):
            return
        fell = 1 - smoothed / initial
        is_low = smoothed < (1 - _FALL["near"]) * unigram if unigram is not None else fell >= _FELL_FAR
        if fell >= _FALL["fall"] and is_low and self._slow_steps == 0 and smoothed <= self._lowest:
            values: Values = {"step": step, "smoothed": smoothed, "mean_of": MEAN_OF, "initial": initial, "fell": fell}
            self._log.well("loss-not-falling", values)

    def _judge_near_unigram(self, step: int, smoothed: float, unigram: float, values: Values) -> None:
        """After the first steps a model is below the unigram, or on its way; else it has learnt frequencies at best."""
        before = self._smoothed[-11] if len(self._smoothed) > 10 else self._initial or smoothed
        falling = smoothed < (1 - _FALLING) * before
        rate_too_high = OPTIMIZERS[self._run.optimizer].highest_rate
        restless = self._bounced or self._highest_ratio > _RATIO["highest"] or self._run.rate > rate_too_high
        values = {**values, "unigram": unigram}
        if smoothed > (1 + _FALL["near"]) * unigram and restless:
            self._too_high("above-unigram", step, smoothed, MEAN_OF, smoothed / unigram)
        elif not falling:
            self._log.add("loss-not-falling", "warn", 0.0, {**values, "variant": "at-unigram"})
        elif smoothed > unigram and not restless:
            self._log.add("loss-not-falling", "warn", 0.0, {**values, "variant": "slow"})

    def _rests_at(self, unigram: float) -> bool:
        """Whether a short run fell to the unigram and stayed there: nothing but frequencies was learnt."""
        if len(self._smoothed) < 11 or self._warm_start:
            return False
        near, last = _FALL["near"] * unigram, self._smoothed[-1]
        return abs(last - unigram) < near and last >= (1 - _FALLING) * self._smoothed[-11]

    def _risen(self, step: int, smoothed: float) -> bool:
        """A lasting rise from an earlier level: more than the variation of single losses explains."""
        if smoothed < max((1 + _HIGH["risen"]) * self._lowest, self._lowest + 8 * self._scatter(smoothed)):
            self._risen_since = None
            return False
        self._risen_since = self._risen_since if self._risen_since is not None else step
        if step - self._risen_since >= MEAN_OF:
            self._too_high("risen", step, smoothed, MEAN_OF, smoothed / self._lowest)
        return True

    def _scatter(self, smoothed: float) -> float:
        """Random variation of the mean of the last losses: 1.48 × their median deviation is a standard deviation."""
        deviation = sorted(abs(value - smoothed) for value in self._losses)[len(self._losses) // 2]
        return 1.48 * deviation / math.sqrt(len(self._losses))

    def _look_at_clipping(self, step: int) -> None:
        clip, limits = self._run.clip, _CLIPPING
        norms = self._norms
        if len(norms) < limits["window"]:
            return
        share = sum(norm > clip for norm in norms) / len(norms) if clip > 0 else 0.0
        ceiling = limits["exploding"] * (clip if clip > 0 else _CLIP_IF_NONE)
        exploding = sum(norm > ceiling for norm in norms) > len(norms) / 2
        if not exploding and share <= limits["share"]:
            if share <= limits["share"] / 2:
                self._log.over("clipping-always", {"share": share, "step": step})
            return
        norm = float(f"{sorted(norms)[len(norms) // 2]:.3g}")
        values: Values = {"share": share, "step": step, "norm": norm, "clip": clip}
        if exploding:
            self._log.add("clipping-always", "warn", math.log10(ceiling + norm), {**values, "variant": "exploding"})
        elif step >= self._run.settled:
            self._log.add("clipping-always", "note", 0.0, values)

    def _look_at_pace(self, event: events.Step) -> None:
        """Time until the first evaluation, once the speed is known: from the second ten steps, because the first are slow."""
        run = self._run
        if self._count != 2 * _LOOK_EVERY or event.tokens_per_second <= 0 or event.step <= 0:
            return
        seconds_a_step = event.tokens / event.step / event.tokens_per_second
        minutes = (run.first_evaluation - event.step) * seconds_a_step / 60
        if math.isfinite(minutes) and 60 * minutes > numbers("first-evaluation-late")["seconds"]:
            values: Values = {"evaluation_step": run.first_evaluation, "minutes": minutes, "step": event.step}
            self._log.add("first-evaluation-late", "note", 0.0, values)


_SPIKE = numbers("loss-spike")
_RATIO = numbers("update-ratio")
_HIGH = numbers("loss-too-high")
_HIGH_EARLY = int(_HIGH["early_steps"])
_FALL = numbers("loss-not-falling")
_CLIPPING = numbers("clipping-always")
