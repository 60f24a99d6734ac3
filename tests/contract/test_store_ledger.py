"""The call ledger behind LangChain's own cache calls: a recorded call is not made again, and holds no secret."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from langchain_core.caches import BaseCache
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

from agent.domain.record import Usage
from agent.store.content import subject_key
from agent.store.engine import open_engine
from agent.store.store import Store
from tests.contract.store_examples import make_alert, url_of


class CountingModel(BaseChatModel):
    """Answers with the number of the call."""

    made: int = 0
    temperature: float = 0.0

    @property
    def _llm_type(self) -> str:
        return "counting"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": "counting-1", "temperature": self.temperature}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.made += 1
        message = AIMessage(
            content=f"answer {self.made}",
            usage_metadata={
                "input_tokens": 100,
                "output_tokens": 20,
                "total_tokens": 120,
                "input_token_details": {"cache_read": 64},
            },
            response_metadata={"model_name": "counting-1-2026"},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])


class Verdict(BaseModel):
    """A small structured answer."""

    stage: str
    certain: bool


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "triage.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(url_of(path), price=lambda model, usage: 0.01 * usage.output_tokens) as opened:
        yield opened
        assert opened.verify_audit().ok


def calls_of(path: Path) -> list[dict[str, Any]]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    rows = [dict(row) for row in connection.execute("SELECT * FROM calls ORDER BY seq")]
    connection.close()
    return rows


def test_a_second_identical_call_is_not_made(store: Store) -> None:
    assert isinstance(store.ledger, BaseCache)
    model = GenericFakeChatModel(messages=iter([AIMessage("only once")]), cache=store.ledger)
    first = model.invoke("Who was convicted?")
    again = model.invoke("Who was convicted?")
    assert first.content == again.content == "only once"
    with pytest.raises((StopIteration, RuntimeError)):
        model.invoke("Another question?")


def test_a_recorded_call_survives_the_process_and_serves_async_callers(path: Path) -> None:
    with Store.open(url_of(path)) as store:
        model = CountingModel(cache=store.ledger)
        assert asyncio.run(model.ainvoke("Q")).content == "answer 1"
    with Store.open(url_of(path)) as store:
        later = CountingModel(cache=store.ledger)
        answer = asyncio.run(later.ainvoke("Q"))
        assert (answer.content, later.made) == ("answer 1", 0)
        assert answer.response_metadata["model_name"] == "counting-1-2026"
        assert answer.usage_metadata is not None
        assert answer.usage_metadata["output_tokens"] == 20


def test_a_row_says_what_was_asked_for_and_what_it_cost(store: Store, path: Path) -> None:
    CountingModel(cache=store.ledger, temperature=0.5).invoke("Q", stop=["END"])
    (row,) = calls_of(path)
    assert row["provider"] == "counting"
    assert row["model"] == "counting-1-2026"
    assert json.loads(row["parameters"]) == {"stop": ["END"], "temperature": 0.5}
    assert (row["input_tokens"], row["output_tokens"], row["cached_tokens"]) == (100, 20, 64)
    assert row["cost_usd"] == pytest.approx(0.2)
    assert (row["sample"], row["error"]) == (0, None)
    assert 0 <= row["latency_ms"] < 60_000
    assert row["prompt_hash"].startswith("sha256:")


def test_another_prompt_parameter_or_sample_is_another_call(store: Store) -> None:
    model = CountingModel(cache=store.ledger)
    assert model.invoke("Q").content == "answer 1"
    assert model.invoke("Q?").content == "answer 2"
    assert model.invoke("Q", stop=["x"]).content == "answer 3"
    model.temperature = 0.7
    assert model.invoke("Q").content == "answer 4"
    model.cache = store.ledger.with_sample(1)
    assert model.invoke("Q").content == "answer 5"
    assert model.invoke("Q").content == "answer 5"


def test_concurrent_updates_of_one_key_keep_one_answer_without_error(store: Store, path: Path) -> None:
    async def race() -> None:
        await asyncio.gather(
            *(
                store.ledger.aupdate("p", "[('_type', 'x')]", [ChatGeneration(message=AIMessage(f"answer {n}"))])
                for n in range(12)
            )
        )

    asyncio.run(race())
    found = store.ledger.lookup("p", "[('_type', 'x')]")
    assert found is not None
    assert found[0].text.startswith("answer ")
    assert len(calls_of(path)) == 1
    assert store.verify_audit().entries == 1


def test_a_paid_failure_is_recorded_but_is_no_answer(store: Store, path: Path) -> None:
    usage = Usage(input_tokens=900, output_tokens=400, calls=1)
    prompt, described = "p", "[('_type', 'x')]"
    key = store.ledger.key_of(prompt, described)
    assert store.ledger.lookup_failure(key) is None
    for reply in ('{"parties": [', '{"parties": [{'):
        asyncio.run(
            store.ledger.record_paid_failure(
                model="m-1", prompt=prompt, llm_string=described, reply=reply, usage=usage, error="ReplyTruncated"
            )
        )
    assert store.ledger.lookup(prompt, described) is None
    failure = store.ledger.lookup_failure(key)
    assert failure is not None
    assert (failure.reply, failure.error, failure.model) == ('{"parties": [{', "ReplyTruncated", "m-1")
    assert (failure.usage.output_tokens, failure.usage.cost_usd) == (400, 4.0)
    store.ledger.update(prompt, described, [ChatGeneration(message=AIMessage("whole"))])
    found = store.ledger.lookup(prompt, described)
    assert found is not None
    assert found[0].text == "whole"
    assert [row["error"] for row in calls_of(path)] == ["ReplyTruncated", "ReplyTruncated", None], "each was paid"


def test_clearing_forgets_the_answers_and_keeps_the_bill(store: Store, path: Path) -> None:
    model = CountingModel(cache=store.ledger)
    model.invoke("Q")
    asyncio.run(store.ledger.aclear())
    assert model.invoke("Q").content == "answer 2"
    assert sum(row["cost_usd"] for row in calls_of(path)) == pytest.approx(0.4)


def test_calls_about_a_subject_are_erased_with_it(store: Store, path: Path) -> None:
    alert = make_alert()
    store.save_alert(alert)
    model = CountingModel(cache=store.ledger)
    with store.ledger.about(alert):
        asyncio.run(model.ainvoke("about her"))
        asyncio.run(
            store.ledger.record_paid_failure(
                model="m", prompt="about her", llm_string="x", reply="Moravec", usage=Usage(), error="about Moravec"
            )
        )
    model.invoke("about nobody")
    assert store.erase_subject(subject_key(alert), by="Rosa Quint").texts == 3
    rows = calls_of(path)
    assert [row["prompt_hash"] is None for row in rows] == [True, True, False]
    assert [row["error"] for row in rows] == [None, "erased", None]
    assert rows[0]["output_tokens"] == 20, "what it cost stays"
    assert model.invoke("about nobody").content == "answer 2"
    assert model.invoke("about her").content == "answer 3", "an erased answer is asked for anew, and recorded anew"
    assert model.invoke("about her").content == "answer 3"


def openai_model(store: Store, replies: Iterator[dict[str, Any]], **options: Any) -> ChatOpenAI:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=next(replies))

    return ChatOpenAI(
        model="gpt-test",
        api_key=SecretStr("sk-canary-key"),
        base_url="https://canary-user:canary-password@model.invalid/v1",
        default_headers={"X-Gateway": "canary-header"},
        max_retries=0,
        temperature=0,
        cache=store.ledger,
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
        **options,
    )


def completion(content: str) -> dict[str, Any]:
    return {
        "id": "c-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-test-2026-01-01",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }


def test_structured_output_of_the_real_client_comes_back_parsed(store: Store, path: Path) -> None:
    replies = iter([completion('{"stage": "convicted", "certain": true}')])
    model = openai_model(store, replies).with_structured_output(Verdict, method="json_schema", include_raw=True)
    first: Any = model.invoke("Q")
    again: Any = model.invoke("Q")
    assert first["parsed"] == again["parsed"] == Verdict(stage="convicted", certain=True)
    assert again["parsing_error"] is None
    (row,) = calls_of(path)
    assert (row["provider"], row["model"]) == ("ChatOpenAI", "gpt-test-2026-01-01")
    assert (row["input_tokens"], row["output_tokens"]) == (7, 3)
    assert json.loads(row["parameters"]) == {"temperature": 0.0}


def test_no_key_password_or_header_is_stored(store: Store, path: Path) -> None:
    openai_model(store, iter([completion("fine")])).invoke("Q")
    assert len(calls_of(path)) == 1
    store.close()
    stored = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"gpt-test" in stored
    assert b"canary" not in stored


def test_a_new_time_limit_is_not_a_new_question(store: Store) -> None:
    replies = iter([completion("paid once")])
    openai_model(store, replies, timeout=10).invoke("Q")
    assert openai_model(store, replies, timeout=99).invoke("Q").content == "paid once"


def test_a_busy_ledger_loses_no_answer(path: Path) -> None:
    """More callers than connections: each waits its turn."""
    store = Store(open_engine(url_of(path)))
    models = [CountingModel(cache=store.ledger) for _ in range(40)]

    async def ask_all() -> None:
        await asyncio.gather(*(model.ainvoke(f"Q {number}") for number, model in enumerate(models)))

    asyncio.run(ask_all())
    assert len(calls_of(path)) == 40
    assert store.verify_audit().ok
