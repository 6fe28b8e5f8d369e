"""`python -m mmrec_engine.checks.postrun.reload RUN`: the loss of a run's best model, computed in an independent process.

Waits for a line, then prints {"loss": …}: of the first windows of the validation split, or of all of it if that line is
"whole". Threads and device are those of the run, so that the loss can agree bit for bit.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mmrec_engine.data.batches import validation_windows
from mmrec_engine.events import result_of
from mmrec_engine.runs.catalog import read_description
from mmrec_engine.runs.run_text import text_of_run
from mmrec_engine.settings import FIELDS, Settings
from mmrec_engine.storage.run_files import BEST
from mmrec_engine.system.garbage_collection import collect_rarely, leave_all

WHOLE = "whole"


def loss_of(folder: Path, wait: Callable[[], str]) -> float:
    """wait: returns the line that selects the windows, once this process may compute."""
    import torch

    from mmrec_engine.evaluation.trained_model import load_trained
    from mmrec_engine.evaluation.validation import evaluate_first, validate
    from mmrec_engine.system.determinism import make_exact

    described = read_description(folder) or {}
    torch.set_num_threads(int(described.get("threads", 1)))
    make_exact()
    known = {name: value for name, value in described["settings"].items() if name in FIELDS}
    settings = replace(Settings(**known), stride=None)
    corpus = result_of(text_of_run(settings, folder))
    # Two models that compute at once on the same cores would slow each other down.
    whole = wait().strip() == WHOLE
    trained = load_trained(str(folder / BEST), torch.device(str(described.get("device", "cpu"))))
    evaluated = result_of(
        validate(trained.model, corpus, settings.evaluated_length)
        if whole
        else evaluate_first(trained.model, validation_windows(corpus, settings.evaluated_length)[0])
    )
    assert evaluated is not None  # there are no stop requests
    return evaluated.loss


if __name__ == "__main__":
    collect_rarely()
    print(json.dumps({"loss": loss_of(Path(sys.argv[1]), sys.stdin.readline)}), flush=True)
    leave_all()
