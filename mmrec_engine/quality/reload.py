"""`python -m mmrec_engine.quality.reload RUN`: the validation loss of a run's best model, in a process that knows nothing else.

Waits for a line, then prints {"loss": …}. Threads and device are those of the run: the loss can be the same bit for bit.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

from mmrec_engine.corpus.prepare import prepare_corpus
from mmrec_engine.evaluation.validation import validate
from mmrec_engine.exactness import make_exact
from mmrec_engine.progress import result_of
from mmrec_engine.run_files import BEST
from mmrec_engine.runs import read_description
from mmrec_engine.settings import FIELDS, Settings
from mmrec_engine.trained import load_trained


def main(folder: Path) -> float:
    described = read_description(folder) or {}
    torch.set_num_threads(int(described.get("threads", 1)))
    make_exact()
    known = {name: value for name, value in described["settings"].items() if name in FIELDS}
    settings = replace(Settings(**known), stride=None)
    corpus = result_of(prepare_corpus(settings))
    trained = load_trained(str(folder / BEST), torch.device(str(described.get("device", "cpu"))))
    metrics = result_of(validate(trained.model, corpus, settings.seq_len))
    assert metrics is not None  # nobody stops it
    return metrics.loss


if __name__ == "__main__":
    sys.stdin.readline()  # two models that compute at once on the same cores would wait for each other
    print(json.dumps({"loss": main(Path(sys.argv[1]))}))
