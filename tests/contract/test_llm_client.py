"""ModelClient against real parts: ledger, sample, pauses shared by callers, and the scripted doubles."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.messages import BaseMessage, HumanMessage
from pydantic import SecretStr

from agent.domain.summary import RiskSummary, draft_schema
from agent.errors import ModelTimeout, ModelUnavailable, StoreBusy
from agent.llm.behaviours import answer, fault
from agent.llm.breaker import Breaker
from agent.llm.client import ModelClient, ModelReply
from agent.llm.models import ModelSpec, build_chat_model
from agent.llm.replies import parse_reply
from agent.llm.retry import RetryPolicy
from agent.llm.scripted import ScriptedChatModel
from agent.llm.scripted_server import ScriptedServer

SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string", "maxLength": 9}},
    "required": ["answer"],
    "additionalProperties": False,
}
ASKED = [HumanMessage("Is the bridge at Sorn open?")]
SCRIPTED = ModelSpec(name="scripted:replies.yaml")


def client_of(server: ScriptedServer, cache: InMemoryCache | None = None, **settings: Any) -> ModelClient:
    spec = ModelSpec(name="openai:m", base_url=server.base_url)
    return ModelClient(build_chat_model(spec, cache), spec, **settings)


def test_a_recorded_call_is_not_paid_twice_and_a_sample_is_another_call() -> None:
    cache = InMemoryCache()
    script = [answer({"answer": "one"}), answer({"answer": "two"}), answer({"answer": "three"})]
    with ScriptedServer(script) as server:
        client = client_of(server, cache)

        async def run() -> list[ModelReply]:
            return [await client.ask(ASKED, SCHEMA, sample=sample) for sample in (0, 0, 1, 1, 0)]

        replies = asyncio.run(run())
        changed = asyncio.run(client.ask(ASKED, {**SCHEMA, "description": "another"}))
        assert len(server.requests) == 3
        assert all("sample" not in request.body for request in server.requests)
    assert [json.loads(reply.text)["answer"] for reply in replies] == ["one", "one", "two", "two", "one"]
    assert [reply.from_ledger for reply in replies] == [False, True, False, True, True]
    assert [reply.usage.calls for reply in replies] == [1, 0, 1, 0, 0]
    assert replies[1].usage.output_tokens == 20
    assert replies[1].model == "scripted-http"
    assert json.loads(changed.text)["answer"] == "three"


def test_a_recorded_call_is_replayed_while_the_breaker_is_open() -> None:
    cache, breaker = InMemoryCache(), Breaker()
    with ScriptedServer([answer({"answer": "yes"})]) as server:
        client = client_of(server, cache, breaker=breaker)
        asyncio.run(client.ask(ASKED, SCHEMA))
        for _ in range(5):
            breaker.record_failure(ModelUnavailable("500"))
        assert asyncio.run(client.ask(ASKED, SCHEMA)).from_ledger
    assert breaker.state == "open"  # a recorded reply says nothing about the endpoint


def test_one_model_serves_one_event_loop_after_another() -> None:
    with ScriptedServer([answer({"answer": "yes"})]) as server:
        client = client_of(server, retry=RetryPolicy(attempts=1))
        for _ in range(3):
            assert asyncio.run(client.ask(ASKED, SCHEMA)).usage.calls == 1


def test_a_pause_holds_callers_that_were_not_told() -> None:
    waits: list[float] = []
    breaker = Breaker()

    async def sleep(seconds: float) -> None:
        waits.append(round(seconds))

    with ScriptedServer([answer({"answer": "yes"})]) as server:
        client = client_of(server, breaker=breaker, sleep=sleep)
        breaker.pause(30, "429")

        async def run() -> None:
            await asyncio.gather(*(client.ask(ASKED, SCHEMA, sample=sample) for sample in range(3)))

        asyncio.run(run())
    assert waits == [30, 30, 30]


def test_a_shared_pause_does_not_eat_the_attempts_deadline() -> None:
    with ScriptedServer([answer({"answer": "yes"})]) as server:
        spec = ModelSpec(name="openai:m", base_url=server.base_url, deadline_s=0.5)
        breaker = Breaker()
        client = ModelClient(build_chat_model(spec, None), spec, breaker=breaker)
        breaker.pause(0.8, "429")
        assert asyncio.run(client.ask(ASKED, SCHEMA)).usage.calls == 1


def test_strict_mode_on_the_wire() -> None:
    with ScriptedServer([answer({"answer": "yes"})]) as server:
        local = ModelSpec(name="openai:m", base_url=server.base_url)
        model = build_chat_model(local, None)
        asyncio.run(ModelClient(model, local).ask(ASKED, SCHEMA))
        asyncio.run(ModelClient(model, ModelSpec(name="openai:m", api_key=SecretStr("k"))).ask(ASKED, SCHEMA))
        bounded, strict = (request.body["response_format"]["json_schema"] for request in server.requests)
    assert strict["strict"] is True
    assert "maxLength" not in json.dumps(strict)
    assert bounded["strict"] is not True
    assert bounded["schema"]["properties"]["answer"]["maxLength"] == 9


def test_the_draft_schema_reaches_the_wire_whole() -> None:
    with ScriptedServer([answer({})]) as server:
        client = client_of(server)
        reply = asyncio.run(client.ask(ASKED, draft_schema()))
        sent = server.requests[0].body["response_format"]["json_schema"]["schema"]
    wanted = {key: part for key, part in draft_schema().items() if key != "description"}
    assert sent == wanted
    assert parse_reply(reply.text, RiskSummary) == RiskSummary()


def test_the_ledgers_own_failure_passes_untouched() -> None:
    class Busy(InMemoryCache):
        async def alookup(self, prompt: str, llm_string: str) -> None:
            raise StoreBusy("The database is locked.")

    with ScriptedServer([answer({"answer": "yes"})]) as server:
        breaker = Breaker()
        client = client_of(server, Busy(), breaker=breaker, retry=RetryPolicy(attempts=1))
        with pytest.raises(StoreBusy):
            asyncio.run(client.ask(ASKED, SCHEMA))
        assert server.requests == []
        assert breaker.state == "closed"


def test_a_cancelled_question_is_cancelled() -> None:
    with ScriptedServer([fault("hang")]) as server:

        async def run() -> None:
            async with asyncio.timeout(0.3):
                await client_of(server).ask(ASKED, SCHEMA)

        with pytest.raises(TimeoutError) as caught:
            asyncio.run(run())
        assert not isinstance(caught.value, ModelTimeout)
        assert len(server.requests) == 1


# The scripted chat model


def test_scripted_model_takes_texts_objects_functions_and_errors() -> None:
    def count(messages: Any) -> str:
        return json.dumps({"answer": str(len(messages))})

    model = ScriptedChatModel(replies=["not JSON", {"answer": "é"}, count, ModelUnavailable("down"), {"answer": "up"}])
    client = ModelClient(model, SCRIPTED, sleep=lambda _: asyncio.sleep(0))

    async def run() -> list[str]:
        return [(await client.ask(ASKED, SCHEMA)).text for _ in range(4)]

    assert asyncio.run(run()) == ["not JSON", '{"answer": "é"}', '{"answer": "1"}', '{"answer": "up"}']
    assert len(model.asked) == 5
    assert model.asked[0][0].text == ASKED[0].text
    with pytest.raises(ModelUnavailable, match="no reply left; its script holds 5"):
        asyncio.run(client.ask(ASKED, SCHEMA))


def test_scripted_model_is_honest_about_itself_and_counts_tokens() -> None:
    reply = asyncio.run(ModelClient(ScriptedChatModel(replies=["x" * 40]), SCRIPTED).ask(ASKED, SCHEMA))
    assert reply.model == "scripted"
    assert reply.usage.output_tokens == 10
    assert reply.usage.input_tokens > 0
    assert reply.usage.calls == 1


def test_scripted_model_repeats_when_told_to() -> None:
    model = ScriptedChatModel(replies=["a", "b"], repeat=True)
    assert [model.invoke("?").text for _ in range(5)] == ["a", "b", "a", "b", "a"]


def test_scripted_model_works_like_any_langchain_model() -> None:
    model = ScriptedChatModel(replies=[{"answer": "yes"}, {"answer": "no"}])
    assert model.with_structured_output(SCHEMA, method="json_schema").invoke("?") == {"answer": "yes"}
    both: Any = model.with_structured_output(SCHEMA, method="json_schema", include_raw=True).invoke("?")
    assert both["parsed"] == {"answer": "no"}
    assert isinstance(both["raw"], BaseMessage)


def test_scripted_model_from_a_file_uses_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "replies.yaml"
    path.write_text('- {"answer": "one"}\n- two\n', encoding="utf-8")
    spec = ModelSpec(name=f"scripted:{path}")
    client = ModelClient(build_chat_model(spec, InMemoryCache()), spec)

    async def run() -> list[str]:
        return [(await client.ask(ASKED, SCHEMA, sample=sample)).text for sample in (0, 0, 1)]

    assert asyncio.run(run()) == ['{"answer": "one"}', '{"answer": "one"}', "two"]


# The scripted server as a programme


def test_scripted_server_from_the_command_line(tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text("- reply: {answer: yes}\n", encoding="utf-8")
    command = [sys.executable, "-m", "agent.llm.scripted_server", "--port", "0", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            base_url = running.stdout.readline().split()[0]
            spec = ModelSpec(name="openai:m", base_url=base_url)
            reply = asyncio.run(ModelClient(build_chat_model(spec, None), spec).ask(ASKED, SCHEMA))
            with urllib.request.urlopen(f"{base_url}/models") as listed:
                models = json.load(listed)
        finally:
            running.terminate()
    assert json.loads(reply.text) == {"answer": True}  # YAML's yes
    assert models["data"][0]["id"] == "scripted-http"
