"""Speed and memory of preparing a corpus. Figures are printed (`make benchmark`); the bounds leave room for a busy machine."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmrec_engine.data.sources.builtin import sample_folder
from mmrec_engine.tokenizer import CharacterTokenizer

_MIB = 2**20
# The peak is read from /proc: getrusage includes the memory of the process that started the child.
PREPARE = """
import sys
from mmrec_engine.data.prepare import prepare_corpus
from mmrec_engine.settings import resolve
def peak():
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
before = peak()
for _ in prepare_corpus(resolve({"data_dir": sys.argv[1]}).settings): pass
print(before, peak())
"""


def prose(language: str, size: int) -> str:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(sample_folder().glob(f"{language}-*.txt")))
    return text * (size // len(text) + 1)


@pytest.mark.benchmark
@pytest.mark.parametrize("language", ["en", "tr"])
def test_characters_are_encoded_at_array_speed(language: str) -> None:
    """Aim: 100 MB/s on one core. A Python loop reaches about 30."""
    text = prose(language, 8 * _MIB)
    tokenizer = CharacterTokenizer(sorted(set(text)))
    data = len(text.encode())
    speeds = []
    for _ in range(7):
        start = time.perf_counter()
        tokenizer.encode(text)
        speeds.append(data / _MIB / (time.perf_counter() - start))
    print(f"\nencoding {language}: median {statistics.median(speeds):,.0f} MiB/s")
    assert statistics.median(speeds) > 100


@pytest.mark.benchmark
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to tell the peak of a process")
@pytest.mark.parametrize("megabytes", [16, int(os.environ.get("MMREC_CORPUS_MB", "160"))])
def test_memory_does_not_grow_with_the_corpus(tmp_path: Path, megabytes: int) -> None:
    """MMREC_CORPUS_MB=1024 prepares a gigabyte."""
    text = prose("tr", 4 * _MIB).encode()[: 4 * _MIB - 4 * _MIB % 7]
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        for part in range(megabytes // 4):
            file.write(f"part {part}\n".encode() + text[: text.rfind(b"\n") + 1])
    start = time.perf_counter()
    output = subprocess.run([sys.executable, "-c", PREPARE, path], capture_output=True, text=True, check=True).stdout
    seconds = time.perf_counter() - start
    before, after = (int(value) / 1024 for value in output.split())
    size = path.stat().st_size / _MIB
    print(
        f"\npreparing {size:,.0f} MiB: {seconds:.1f} s, {size / seconds:,.0f} MiB/s, memory {before:.0f} → {after:.0f} MiB"
    )
    assert after < 400
