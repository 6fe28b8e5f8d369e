"""Memory of preparing a streamed data set: the installed command prepares one of the given size,
and the peak of its resident memory is printed.

    python benchmarks/stream_memory.py --gigabytes 10 [--tokenizer char] [--folder /tmp/streamed]

The data set is generated first, as parquet shards in the folder, unless it exists already: numbered stories of random words,
about 1,200 bytes each. It takes its size on disk (less, because parquet compresses it), and the text and its tokens the same
again each. Needs Linux, whose /proc reports a process' peak.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

SHARD_BYTES = 256 * 2**20
_LIMIT_MIB = 2000


def make(folder: Path, size: int) -> int:
    """Write shards until their text has that many bytes. Returns the number of documents."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    random = np.random.default_rng(0)
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    words = ["".join(random.choice(letters, random.integers(1, 10))) for _ in range(30_000)]
    folder.mkdir(parents=True)
    made = number = documents = 0
    while made < size:
        with pq.ParquetWriter(folder / f"train-{number:05d}.parquet", pa.schema({"text": pa.string()})) as writer:
            shard = 0
            while shard < SHARD_BYTES and made + shard < size:
                chosen = random.zipf(1.2, (1000, 200)) % len(words)
                texts = [
                    f"Story {documents + row}. " + " ".join(words[word] for word in line)
                    for row, line in enumerate(chosen)
                ]
                writer.write_table(pa.table({"text": texts}))
                documents += len(texts)
                shard += sum(map(len, texts))
        made, number = made + shard, number + 1
    (folder.parent / "documents").write_text(str(documents))
    return documents


def peak_of(process: subprocess.Popen[bytes]) -> float:
    """Peak MiB of resident memory, until the process ends."""
    peak = 0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        peaks = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
        peak = max([peak, *peaks])
        time.sleep(0.1)
    process.wait()
    return peak / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--tokenizer", default="char")
    parser.add_argument("--folder", type=Path, default=Path("streamed"))
    given = parser.parse_args()
    data = given.folder / f"data-{given.gigabytes:g}"
    if not data.is_dir():
        print(f"{make(data, int(given.gigabytes * 1e9)):,} documents made", flush=True)
    environment = {**os.environ, "XDG_CACHE_HOME": str((given.folder / "cache").resolve())}
    command = [
        str(Path(sys.executable).with_name("mmrec-tui")),
        "find-lr",
        "--corpus",
        f"hf:{data.resolve()}:train:text",
    ]
    flags = ["--tokenizer", given.tokenizer, "--seq-len", "32", "--batch-size", "2", "--steps", "20", "--quiet"]
    started = time.monotonic()
    process = subprocess.Popen([*command, *flags], env=environment, stdout=subprocess.DEVNULL)
    peak = peak_of(process)
    seconds = time.monotonic() - started
    measured = f"{given.gigabytes:g} GB, {given.tokenizer}: {seconds:.0f} s"
    print(f"{measured}, peak of resident memory {peak:,.0f} MiB, code {process.returncode}")
    return 0 if process.returncode == 0 and peak < _LIMIT_MIB else 1


if __name__ == "__main__":
    sys.exit(main())
