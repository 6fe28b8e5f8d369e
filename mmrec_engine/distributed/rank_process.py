"""A process for a rank other than 0, started by rank 0 on its machine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import IO

from mmrec_engine.errors import reason_words
from mmrec_engine.locales.catalogue import Words
from mmrec_engine.system.processes import OWN_SESSION


class RankProcess:
    """Another rank that rank 0 has started. Its output goes to a file, in case it ends too soon."""

    def __init__(self, rank: int, environment: Mapping[str, str]) -> None:
        self.rank = rank
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mmrec_engine.training.rank_worker"],
            env={**os.environ, **environment, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said,
            **OWN_SESSION,  # Ctrl-C is handled by rank 0
        )  # fmt: skip

    def words(self, code: int) -> str | Words:
        """How it ended: by a signal, or with its last line of output."""
        if code < 0:
            return reason_words("signal", number=-code)
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else reason_words("exit-code", code=code)

    def end(self, seconds: float) -> None:
        """Wait so long for its end, then kill it."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._said.close()
