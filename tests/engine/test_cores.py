"""How many cores a process may use: its CPU affinity, and its quota in the control groups."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmrec_engine.system.cores import available_cores, cpu_quota


@pytest.fixture(autouse=True)
def _of_64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


V2 = "proc/self/cgroup", "0::/box\n"
V1 = "proc/self/cgroup", "4:cpu,cpuacct:/docker/x\n3:memory:/docker/x\n0::/\n"


@pytest.mark.parametrize(
    ("files", "quota", "cores"),
    [
        ({}, None, 64),
        ({"sys/fs/cgroup/box/cpu.max": "max 100000\n"}, None, 64),
        ({"sys/fs/cgroup/box/cpu.max": "200000 100000\n"}, 2.0, 2),
        ({"sys/fs/cgroup/box/cpu.max": "150000 100000\n"}, 1.5, 1),
        ({"sys/fs/cgroup/box/cpu.max": "50000 100000\n"}, 0.5, 1),
        ({"sys/fs/cgroup/box/cpu.max": "9900000 100000\n"}, 99.0, 64),
        ({"sys/fs/cgroup/cpu.max": "300000 100000\n", "sys/fs/cgroup/box/cpu.max": "max 100000\n"}, 3.0, 3),
        ({"sys/fs/cgroup/cpu.max": "300000 100000\n", "sys/fs/cgroup/box/cpu.max": "200000 100000\n"}, 2.0, 2),
        ({"sys/fs/cgroup/box/cpu.max": "nonsense"}, None, 64),
        ({"sys/fs/cgroup/box/cpu.max": "0 0"}, None, 64),
    ],
)
def test_cgroup_v2_quota_limits_threads(tmp_path: Path, files: dict[str, str], quota: float | None, cores: int) -> None:
    root = tree(tmp_path, {**dict([V2]), **files})
    assert cpu_quota(root) == quota
    assert available_cores(root) == cores


@pytest.mark.parametrize("place", ["cpu/docker/x", "cpu,cpuacct/docker/x", "cpu,cpuacct", "cpu"])
@pytest.mark.parametrize(("quota", "cores"), [("-1", 64), ("400000", 4)])
def test_cgroup_v1_quota_limits_threads_at_any_mount(tmp_path: Path, place: str, quota: str, cores: int) -> None:
    files = {f"sys/fs/cgroup/{place}/cpu.cfs_quota_us": quota, f"sys/fs/cgroup/{place}/cpu.cfs_period_us": "100000\n"}
    assert available_cores(tree(tmp_path, {**dict([V1]), **files})) == cores


def test_without_cgroups_all_cores_are_used(tmp_path: Path) -> None:
    assert available_cores(tmp_path) == 64
