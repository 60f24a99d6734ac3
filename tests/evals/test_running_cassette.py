"""Model calls recorded below the client and replayed: the same words, no request, and no silence about a miss."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from pathlib import Path

import httpx2
import pytest
from openai import APIStatusError, AsyncOpenAI

from agent.llm.behaviours import answer, fault
from agent.llm.scripted_server import ScriptedServer
from evals.running.cassette import (
    Cassette,
    RecordedCall,
    RecordingInvalid,
    RecordingMissing,
    count_calls,
    identify_request,
    read_recording,
    write_recording,
)

SECRET_WORDS = "Ida Torvik was charged with fraud"
NOWHERE = "http://127.0.0.1:9/v1"  # nobody listens on the discard port


async def ask(cassette: Cassette, address: str, words: str = SECRET_WORDS, *, epoch: int = 1, case: str = "c-1") -> str:
    async with AsyncOpenAI(
        base_url=address, api_key="key-of-mine", max_retries=0, http_client=httpx2.AsyncClient(transport=cassette)
    ) as client:
        with count_calls(case, epoch):
            reply = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": words}])
    return reply.choices[0].message.content or ""


def record(path: Path, *epochs: int, words: str = SECRET_WORDS) -> ScriptedServer:
    """A recording of one question asked in each of the epochs, which the server answers differently."""
    script = [answer(f"reply {number}", latency_s=0.02) for number in range(1, 10)]
    with ScriptedServer(script) as server, Cassette(path, "record") as cassette:
        for epoch in epochs:
            asyncio.run(ask(cassette, server.base_url, words, epoch=epoch))
    return server


@pytest.mark.parametrize("name", ["calls.jsonl", "calls.jsonl.gz"])
def test_a_replay_says_what_was_recorded_and_asks_nobody(tmp_path: Path, name: str) -> None:
    server = record(tmp_path / name, 1, 2)
    assert len(server.requests) == 2
    with Cassette(tmp_path / name, "replay") as cassette:
        assert asyncio.run(ask(cassette, NOWHERE, epoch=2)) == "reply 2"
        assert asyncio.run(ask(cassette, NOWHERE, epoch=1)) == "reply 1"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_changed_prompt_is_a_loud_miss_that_names_the_case_and_sends_nothing(tmp_path: Path) -> None:
    record(tmp_path / "calls.jsonl", 1)
    with ScriptedServer([answer("live")]) as server, Cassette(tmp_path / "calls.jsonl", "replay") as cassette:
        for changed, epoch in ((SECRET_WORDS + ".", 1), (SECRET_WORDS, 3)):
            with pytest.raises(RecordingMissing, match=r"Case c-7, epoch \d.*prompt or alert changed: record again"):
                asyncio.run(swallowed(cassette, server.base_url, changed, epoch))
        assert server.requests == []


async def swallowed(cassette: Cassette, address: str, words: str, epoch: int) -> None:
    """As a pipeline would: the client's own error is caught on the way."""
    async with AsyncOpenAI(
        base_url=address, api_key="k", max_retries=2, http_client=httpx2.AsyncClient(transport=cassette)
    ) as client:
        with count_calls("c-7", epoch), contextlib.suppress(APIStatusError):
            await client.chat.completions.create(model="m", messages=[{"role": "user", "content": words}])


def test_the_file_holds_replies_and_labels_but_neither_article_nor_key(tmp_path: Path) -> None:
    record(tmp_path / "calls.jsonl", 1)
    text = (tmp_path / "calls.jsonl").read_text(encoding="utf-8")
    assert SECRET_WORDS not in text
    assert "key-of-mine" not in text
    assert [json.loads(line)["label"] for line in text.splitlines()] == ["c-1#1"]


def test_the_seconds_of_a_replay_are_the_recorded_ones(tmp_path: Path) -> None:
    with (
        ScriptedServer([answer("slow", latency_s=0.3)]) as server,
        Cassette(tmp_path / "c.jsonl", "record") as cassette,
    ):
        asyncio.run(ask(cassette, server.base_url))
    with Cassette(tmp_path / "c.jsonl", "replay") as cassette:
        tally = asyncio.run(tallied(cassette))
    assert 0.3 <= tally < 3


async def tallied(cassette: Cassette) -> float:
    async with AsyncOpenAI(
        base_url=NOWHERE, api_key="k", max_retries=0, http_client=httpx2.AsyncClient(transport=cassette)
    ) as client:
        with count_calls("c-1", 1) as tally:
            await client.chat.completions.create(model="m", messages=[{"role": "user", "content": SECRET_WORDS}])
    return tally.seconds


def test_a_recording_that_was_killed_goes_on_and_pays_nothing_twice(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    script = [answer("one"), answer("two")]
    with ScriptedServer(script) as server:
        killed = Cassette(path, "record")
        asyncio.run(ask(killed, server.base_url, epoch=1))  # never closed
        part = path.with_name("calls.jsonl.part")
        part.write_bytes(part.read_bytes() + b'{"key": "torn')
        with Cassette(path, "record") as cassette:
            assert asyncio.run(ask(cassette, server.base_url, epoch=1)) == "one"
            assert asyncio.run(ask(cassette, server.base_url, epoch=2)) == "two"
        assert len(server.requests) == 2
    assert len(read_recording(path, required=True)) == 2
    assert not part.exists()


def test_a_passing_fault_is_asked_again_while_recording_and_is_what_a_replay_shows(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with ScriptedServer([fault("server_error"), answer("at last")]) as server:
        with Cassette(path, "record") as cassette, pytest.raises(APIStatusError):
            asyncio.run(ask(cassette, server.base_url))
        with Cassette(path, "replay") as cassette, pytest.raises(APIStatusError) as shown:
            asyncio.run(ask(cassette, NOWHERE))
        assert shown.value.status_code == 500
        with Cassette(path, "record") as cassette:
            assert asyncio.run(ask(cassette, server.base_url)) == "at last"
    with Cassette(path, "replay") as cassette:
        assert asyncio.run(ask(cassette, NOWHERE)) == "at last"


def test_equal_recordings_are_equal_files(tmp_path: Path) -> None:
    calls = [RecordedCall(key=key, status=200, body="{}", seconds=1, label=label) for key, label in ("ab", "cd", "ef")]
    write_recording(tmp_path / "one.gz", calls)
    write_recording(tmp_path / "two.gz", reversed(calls))
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()
    assert gzip.decompress((tmp_path / "one.gz").read_bytes()).count(b"\n") == 3


def test_the_key_is_of_what_is_asked_not_of_how_it_is_written() -> None:
    key = identify_request("/v1/x", b'{"a": 1, "b": "\xc3\xa9"}', 1)
    assert identify_request("/v1/x", b'{"b":"\\u00e9","a":1}', 1) == key
    assert (
        len({key, identify_request("/v1/y", b'{"a": 1, "b": "\xc3\xa9"}', 1), identify_request("/v1/x", b"{}", 1)}) == 3
    )


def test_a_recording_that_is_not_there_or_is_something_else_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingInvalid, match=r"no recording .*none\.jsonl"):
        Cassette(tmp_path / "none.jsonl", "replay")
    (tmp_path / "text.jsonl").write_text("words\n", encoding="utf-8")
    with pytest.raises(RecordingInvalid, match="line 1"):
        Cassette(tmp_path / "text.jsonl", "replay")
    (tmp_path / "torn.gz").write_bytes(gzip.compress(b"x" * 1_000)[:20])
    with pytest.raises(RecordingInvalid, match=r"torn\.gz"):
        Cassette(tmp_path / "torn.gz", "record")
