"""`serve`: the client package of OpenAI, requests that are malformed, cancelled or too many, keys, and the end by a signal."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import psutil
import pytest
from openai.types import Completion

from mmrec_engine.serving.jobs import AT_ONCE
from mmrec_engine.system.optional_dependencies import install_command
from tests.command.faults import planted
from tests.conftest import Command, Process
from tests.fork_server import ForkServer

LONG = 2048
BAD: list[tuple[bytes, int]] = [
    (b"{", 400), (b"[]", 400), (b"", 400), (b'{"prompt": "\xff"}', 400), (b"[" * 100_000, 400), (b'{"temperature": NaN}', 400),
    (b'{"temperature": 1e999}', 400), (b'{"temperature": -1}', 400), (b'{"temperature": "warm"}', 400), (b'{"n": -1}', 400),
    (b'{"n": true}', 400), (b'{"n": 1.5}', 400), (b'{"max_tokens": 99999}', 400), (b'{"seed": 1' + b"0" * 5000 + b"}", 400),
    (b'{"n": 128, "max_tokens": 4096}', 400), (b'{"model": "other"}', 404), (b'{"model": 3}', 400), (b'{"prompt": 5}', 400),
    (b'{"prompt": []}', 400), (b'{"prompt": ["a", 3]}', 400), (b'{"prompt": [99999]}', 400), (b'{"prompt": [-1]}', 400),
    (b'{"prompt": "\\ud800"}', 400), (b'{"prompt": "' + b"a" * 9000 + b'"}', 400), (b'{"stop": ""}', 400),
    (b'{"stop": [3]}', 400), (b'{"logprobs": 21}', 400), (b'{"echo": "yes"}', 400), (b'{"stream_options": 3}', 400),
    (b'{"suffix": "x"}', 400), (b'{"logit_bias": {"5": 1}}', 400), (b'{"best_of": 2}', 400), (b'{"colour": 1}', 400),
    (b" " * (2 * 2**20 + 1), 413),
]  # fmt: skip


@dataclass(frozen=True)
class Server:
    process: Process
    url: str

    @property
    def port(self) -> int:
        return int(self.url.split(":")[2].split("/")[0])

    def client(self, key: str = "none") -> openai.OpenAI:
        return openai.OpenAI(base_url=self.url, api_key=key, max_retries=0)

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            how = {"Content-Type": "application/json"} | {
                name.replace("_", "-"): value for name, value in headers.items()
            }
            connection.request("GET" if body is None else "POST", path, body, how)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def wait_until(self, active: int, waiting: int) -> None:
        """Fails unless so many requests take turns, and so many wait, within a minute."""
        until = time.monotonic() + 60
        while (found := self.ask("/health")[1]) != {"status": "ok", "active": active, "waiting": waiting}:
            assert time.monotonic() < until, found
            time.sleep(0.02)


def _started(command: Command, *flags: object, **environment: str) -> Server:
    process = command.start("serve", "made", "--port", 0, "--json", *flags, **environment)
    assert process.stdout is not None and process.stderr is not None
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return Server(process, json.loads(line)["url"])


@pytest.fixture(scope="module")
def serving(
    tmp_path_factory: pytest.TempPathFactory, made_once: Path, fork_server: ForkServer | None
) -> Iterator[Command]:
    """A command beside a copy of the run `made`."""
    command = Command(tmp_path_factory.mktemp("served"), fork_server)
    shutil.copytree(made_once, command.run_folder("made"))
    yield command
    command.end_all()


@pytest.fixture(scope="module")
def server(serving: Command) -> Server:
    return _started(serving, "--quiet")


def test_openai_client_gets_the_text_that_generate_writes(server: Server, serving: Command) -> None:
    client = server.client()
    assert [model.id for model in client.models.list()] == ["made"] and client.models.retrieve("made").id == "made"
    ask: dict[str, Any] = {"model": "made", "prompt": "Bir gün", "max_tokens": 30, "seed": 4, "n": 2}
    whole = client.completions.create(**ask)
    expected = serving("generate", "made", "--prompt", "Bir gün", "--tokens", 30, "--seed", 4, "-n", 2,
                       "--temperature", 1, "--json").json  # fmt: skip
    texts = [choice.text for choice in whole.choices]
    assert texts == [sample["text"] for sample in expected["samples"]]
    assert whole.usage is not None and (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (7, 60)
    assert {choice.finish_reason for choice in whole.choices} == {"length"}

    streamed, reasons, usage = ["", ""], [], None
    for chunk in client.completions.create(**ask, stream=True, stream_options={"include_usage": True}):
        usage = chunk.usage
        for choice in chunk.choices:
            streamed[choice.index] += choice.text
            reasons.append(choice.finish_reason)
    assert streamed == texts and usage == whole.usage and [one for one in reasons if one] == ["length"] * 2

    stop = texts[0][12:14]
    for stream in (False, True):
        answer: Any = client.completions.create(**ask | {"n": 1}, stop=[stop, "\0"], stream=stream)
        parts = [part.choices[0] for part in (answer if stream else [answer])]
        assert "".join(part.text for part in parts) == texts[0][: texts[0].index(stop)]
        assert parts[-1].finish_reason == "stop"
    with pytest.raises(openai.NotFoundError, match="made"):
        client.completions.create(model="other", prompt="x")


def test_probabilities_of_prompt_and_text_fit_each_other(server: Server) -> None:
    client = server.client()
    ask: dict[str, Any] = {"model": "made", "prompt": "Bir", "max_tokens": 12, "seed": 4, "logprobs": 2, "echo": True}
    first = client.completions.create(**ask).choices[0]
    scores = first.logprobs
    assert scores is not None and scores.tokens is not None and scores.token_logprobs is not None
    assert "".join(scores.tokens) == first.text and scores.text_offset == list(range(15))
    assert scores.top_logprobs is not None and all(2 <= len(each) <= 3 for each in scores.top_logprobs[1:])
    # The same text as a prompt has the same probabilities: what evaluation programs ask for.
    again = client.completions.create(**ask | {"prompt": first.text, "max_tokens": 0}).choices[0]
    assert again.text == first.text and again.logprobs is not None and again.logprobs.token_logprobs is not None
    assert again.logprobs.token_logprobs[1:] == pytest.approx(scores.token_logprobs[1:], abs=1e-4)
    streamed: list[str] = []
    for chunk in client.completions.create(**ask, stop=first.text[8:10], stream=True):
        assert chunk.choices[0].logprobs is not None and chunk.choices[0].logprobs.tokens is not None
        streamed += chunk.choices[0].logprobs.tokens
    assert "".join(streamed) == first.text[: first.text.index(first.text[8:10])]


def test_malformed_requests_get_one_sentence(server: Server) -> None:
    for body, status in BAD:
        code, answer = server.ask("/v1/completions", body)
        error = answer["error"]
        assert code == status, (body[:60], answer)
        assert set(error) == {"message", "type", "param", "code"} and error["type"] == "invalid_request_error"
        assert 10 < len(error["message"]) < 200 and "\n" not in error["message"] and "Traceback" not in str(answer)
    assert server.ask("/v1/completions", b"{}", Content_Type="text/plain")[0] == 415, (
        "a page of another site could send it"
    )
    assert server.ask("/v1/models", Host="example.org")[0] == 403
    assert (server.ask("/nothing")[0], server.ask("/v1/completions")[0]) == (404, 405)
    server.wait_until(0, 0)


@pytest.mark.extended
def test_200_requests_at_once_lose_nothing_and_memory_stays_flat(server: Server) -> None:
    """Among them cancelled and malformed ones. The same seed has the same text as alone."""
    seeds = range(5)
    ask: dict[str, Any] = {"model": "made", "prompt": "Bir gün", "max_tokens": 10}
    alone = [server.client().completions.create(**ask, seed=seed).choices[0].text for seed in seeds]
    assert len(set(alone)) == len(seeds)

    async def one(client: openai.AsyncOpenAI, number: int) -> str:
        seed = number % len(seeds)
        if number % 10 == 0:
            with pytest.raises(openai.BadRequestError):
                await client.completions.create(**ask | {"n": -1})
            return alone[seed]
        if number % 10 in (1, 2):
            long = ask | {"max_tokens": LONG, "seed": seed}
            if number % 10 == 1:
                async with await client.completions.create(**long, stream=True) as stream:
                    await anext(aiter(stream))
            else:
                with pytest.raises((TimeoutError, openai.APITimeoutError)):
                    await asyncio.wait_for(client.completions.create(**long), 0.5)
            return alone[seed]
        if number % 2:
            parts = [
                part.choices[0].text async for part in await client.completions.create(**ask, seed=seed, stream=True)
            ]
            return "".join(parts)
        whole: Completion = await client.completions.create(**ask, seed=seed)
        return whole.choices[0].text

    async def all_at_once() -> list[str]:
        async with openai.AsyncOpenAI(base_url=server.url, api_key="none", max_retries=0, timeout=240) as client:
            return list(await asyncio.gather(*(one(client, number) for number in range(200))))

    sizes = []
    for _ in range(3):
        assert asyncio.run(all_at_once()) == [alone[number % len(seeds)] for number in range(200)]
        server.wait_until(0, 0)
        sizes.append(psutil.Process(server.process.pid).memory_info().rss / 2**20)
    assert sizes[-1] - sizes[0] < 40, f"MiB: {sizes}"  # the heap of some threads settles; nine rounds end there too


@pytest.mark.extended
def test_limits_keys_and_the_end_by_a_signal(serving: Command) -> None:
    secret = "sesame-7391"
    flags = ["--queue", 2, "--timeout", 8, "--max-tokens", 60_000]
    server = _started(serving, *flags, MMREC_API_KEY=secret)
    assert server.ask("/v1/models")[0] == 401 and server.ask("/v1/models", Authorization="Bearer wrong")[0] == 401
    assert server.ask("/health")[0] == 200
    assert server.ask("/v1/models", Authorization=f"Bearer {secret}")[0] == 200

    client = server.client(secret)
    assert [model.id for model in client.models.list()] == ["made"]

    how = {"Content-Type": "application/json", "Authorization": f"Bearer {secret}"}
    waiting = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=60) for _ in range(AT_ONCE + 2)]
    for connection in waiting:
        connection.request("POST", "/v1/completions", b'{"max_tokens": 60000}', how)
    server.wait_until(AT_ONCE, 2)
    assert server.ask("/v1/completions", b"{}", Authorization=f"Bearer {secret}")[0] == 429
    assert [connection.getresponse().status for connection in waiting] == [504] * len(waiting)
    server.wait_until(0, 0)
    body = json.dumps({"max_tokens": 60_000, "stream": True}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", "/v1/completions", body, how)
    stream = connection.getresponse()
    assert stream.readline().startswith(b"data: ")
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    server.process.send_signal(signal.SIGTERM)
    assert b'"code":"ending"' in stream.read()
    out, err = server.process.communicate(timeout=60)
    assert server.process.returncode == 143 and "Traceback" not in err
    assert "7391" not in out + err


@pytest.mark.parametrize("language", ["en", "tr"])
def test_server_that_cannot_start_says_why_in_one_line(server: Server, serving: Command, language: str) -> None:
    for flags, named in (
        (["--port", server.port], str(server.port)),
        (["--host", "0.0.0.0"], "--api-key"),
        (["--host", "no.such.host.invalid"], "--host"),
        (["--api-key", ""], "--api-key"),
        (["--api-key", "şifre"], "ASCII"),
        (["--port", 99_999], "--port"),
        (["--timeout", "nan"], "--timeout"),
    ):
        refused = serving("serve", "made", *flags, "--lang", language)
        assert refused.code == 2 and not refused.out and refused.err.count("\n") == 1, refused.err
        assert re.search(re.escape(named), refused.err), refused.err


@pytest.mark.extended
def test_missing_library_is_named_with_the_command_that_installs_it(serving: Command) -> None:
    gone = planted(code="import sys; sys.modules['uvicorn'] = None")
    refused = serving("serve", "made", **gone)
    assert refused.code == 2 and refused.err.count("\n") == 1 and "uvicorn" in refused.err
    assert refused.err.rstrip().endswith(install_command("serve").partition(" -m pip ")[2])


def test_ctrl_c_ends_the_server_with_code_130(server: Server) -> None:
    """The last test of this server."""
    server.process.send_signal(signal.SIGINT)
    out, err = server.process.communicate(timeout=60)
    assert (server.process.returncode, out, err) == (130, "", "")
