"""The fault matrix of a model endpoint, through the real OpenAI client of LangChain, one numbered test a fault.

Each runs against the scripted HTTP server. ``Trial`` holds what a user would notice: the reply or error, the requests
the server saw, the waits that were asked for, the breaker's state and what was recorded as paid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.outputs import Generation
from pydantic import SecretStr

from agent.domain.base import Frozen
from agent.domain.record import Usage
from agent.errors import (
    AccessDenied,
    BreakerOpen,
    ContextTooLong,
    EndpointInvalid,
    ModelError,
    ModelTimeout,
    ModelUnavailable,
    QuotaExhausted,
    RateLimited,
    Refused,
    ReplyInvalid,
    ReplyTruncated,
)
from agent.llm.behaviours import Behaviour, answer, fault
from agent.llm.breaker import Breaker
from agent.llm.client import ModelClient, ModelReply
from agent.llm.models import ModelSpec, build_chat_model
from agent.llm.replies import parse_reply
from agent.llm.retry import RetryPolicy
from agent.llm.scripted_server import LoggedRequest, ScriptedServer


class Verdict(Frozen):
    answer: str
    sure: bool
    weight: float | None = None


GOOD: dict[str, Any] = {"answer": "yes", "sure": True, "weight": 0.5}
SCHEMA = Verdict.model_json_schema()
MESSAGES = [SystemMessage("Answer in JSON."), HumanMessage("Is the bridge at Sorn open?")]


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.at = 1_000.0
        self.waits: list[float] = []

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.at += seconds


class Ledger(InMemoryCache):
    """LangChain's in-memory cache, and the failures that were paid for."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[tuple[str, str]] = []
        self.failures: list[dict[str, Any]] = []

    async def aupdate(self, prompt: str, llm_string: str, return_val: Sequence[Generation], **kwargs: Any) -> None:
        self.written.append((prompt, llm_string))
        await super().aupdate(prompt, llm_string, return_val, **kwargs)

    async def record_paid_failure(
        self, *, model: str, prompt: str, llm_string: str, reply: str, usage: Usage, error: str
    ) -> None:
        self.failures.append(
            {"model": model, "prompt": prompt, "key": llm_string, "reply": reply, "usage": usage, "error": error}
        )


@dataclass
class Trial:
    outcomes: list[ModelReply | ModelError] = field(default_factory=list)
    requests: list[LoggedRequest] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    time: Time = field(default_factory=Time)
    ledger: Ledger = field(default_factory=Ledger)
    breaker: Breaker = field(default_factory=Breaker)

    @property
    def outcome(self) -> ModelReply | ModelError:
        return self.outcomes[-1]

    @property
    def error(self) -> Any:
        assert isinstance(self.outcome, ModelError), self.outcome
        return self.outcome

    @property
    def reply(self) -> ModelReply:
        assert isinstance(self.outcome, ModelReply), repr(self.outcome)
        return self.outcome


def ask(
    *script: Behaviour,
    times: int = 1,
    timeout_s: float = 5.0,
    deadline_s: float = 10.0,
    policy: RetryPolicy | None = None,
    messages: Sequence[Any] = MESSAGES,
) -> Trial:
    trial = Trial()
    trial.breaker = Breaker(clock=trial.time.now)

    async def run(base_url: str) -> None:
        spec = ModelSpec(
            name="openai:scripted",
            base_url=base_url,
            api_key=SecretStr("k"),
            timeout_s=timeout_s,
            deadline_s=deadline_s,
        )
        client = ModelClient(
            build_chat_model(spec, trial.ledger),
            spec,
            retry=policy or RetryPolicy(),
            breaker=trial.breaker,
            paid_failures=trial.ledger,
            sleep=trial.time.sleep,
        )
        for _ in range(times):
            try:
                trial.outcomes.append(await client.ask(messages, SCHEMA))
            except ModelError as error:
                trial.outcomes.append(error)

    with ScriptedServer(script) as server:
        asyncio.run(run(server.base_url))
        trial.requests = list(server.requests)
    trial.waits = trial.time.waits
    return trial


def parse(trial: Trial) -> Verdict:
    return parse_reply(trial.reply.text, Verdict)


def refused_text(trial: Trial) -> str:
    """The sentences a repair turn would be given."""
    with pytest.raises(ReplyInvalid) as caught:
        parse(trial)
    assert caught.value.raw == trial.reply.text
    assert len(trial.requests) == 1  # no retry unchanged: the caller owns the one repair turn
    return str(caught.value)


# The path without a fault


def test_fault_00_none() -> None:
    trial = ask(answer(GOOD, tokens=(120, 30)))
    assert parse(trial) == Verdict(**GOOD)
    assert trial.reply.model == "scripted-http"
    assert trial.reply.usage == Usage(input_tokens=120, output_tokens=30, calls=1)
    assert trial.reply.finish_reason == "stop"
    assert not trial.reply.from_ledger
    sent = trial.requests[0].body
    assert sent["response_format"]["type"] == "json_schema"
    assert sent["response_format"]["json_schema"]["schema"]["properties"].keys() == GOOD.keys()
    assert sent["temperature"] == 0
    assert "tools" not in sent
    assert "sample" not in str(sent)


# Pace and quota


def test_fault_01_rate_limited_with_retry_after_is_obeyed() -> None:
    trial = ask(fault("rate_limited", headers={"Retry-After": "7"}), answer(GOOD))
    assert parse(trial).sure
    assert trial.waits == [7.0]
    assert len(trial.requests) == 2
    assert trial.reply.usage.calls == 2
    assert trial.breaker.state == "closed"


def test_fault_02_rate_limited_pauses_every_caller() -> None:
    limited = fault("rate_limited", headers={"Retry-After": "9"})
    trial = ask(limited, answer(GOOD), times=2, policy=RetryPolicy(attempts=1))
    first, second = trial.outcomes
    assert isinstance(first, RateLimited)
    assert isinstance(second, ModelReply)  # another question, which met no 429 itself
    assert trial.waits == [9.0]
    assert len(trial.requests) == 2


def test_fault_03_rate_limited_for_an_hour_pauses_the_queue_and_says_until_when() -> None:
    trial = ask(fault("rate_limited_long"), answer(GOOD), times=2)
    first, second = trial.outcomes
    assert isinstance(first, RateLimited)
    assert first.retry_after == 3600
    assert isinstance(second, BreakerOpen)
    assert "paused until" in str(second)
    assert "UTC" in str(second)
    assert second.stops_queue
    assert trial.waits == []
    assert len(trial.requests) == 1


def test_fault_04_insufficient_quota_stops_the_queue() -> None:
    trial = ask(fault("insufficient_quota"), answer(GOOD), times=2)
    first, second = trial.outcomes
    assert isinstance(first, QuotaExhausted)
    assert "\n" not in str(first)
    assert isinstance(second, BreakerOpen)
    assert "quota" in str(second)
    assert len(trial.requests) == 1
    assert trial.waits == []


# A failing server


@pytest.mark.parametrize("status", [500, 502, 503])
def test_fault_05_server_error_is_retried_with_bounded_jittered_waits(status: int) -> None:
    policy = RetryPolicy(attempts=4, base_s=1.0, cap_s=3.0)
    trial = ask(fault("server_error", status=status), policy=policy)
    assert isinstance(trial.error, ModelUnavailable)
    assert trial.error.retryable
    assert str(status) in str(trial.error)
    assert len(trial.requests) == 4
    assert len(trial.waits) == 3
    assert all(wait <= limit for wait, limit in zip(trial.waits, [1.0, 2.0, 3.0], strict=True))
    assert len(set(trial.waits)) == 3


def test_fault_06_server_error_then_an_answer() -> None:
    trial = ask(fault("server_error"), fault("server_error"), answer(GOOD))
    assert parse(trial).answer == "yes"
    assert trial.reply.usage.calls == 3
    assert trial.breaker.state == "closed"


def test_fault_07_closed_without_an_answer_opens_the_breaker_after_five_in_a_row() -> None:
    trial = ask(fault("close"), times=3)
    assert isinstance(trial.outcomes[0], ModelUnavailable)
    assert isinstance(trial.outcomes[1], BreakerOpen)
    assert isinstance(trial.outcomes[2], BreakerOpen)
    assert len(trial.requests) == 5
    assert trial.breaker.state == "open"
    assert "5 calls in a row failed" in str(trial.outcomes[2])


def test_fault_08_connection_refused() -> None:
    with ScriptedServer([answer(GOOD)]) as server:
        gone = server.base_url
    time = Time()

    async def run() -> None:
        spec = ModelSpec(name="openai:scripted", base_url=gone)
        client = ModelClient(build_chat_model(spec, None), spec, sleep=time.sleep)
        with pytest.raises(ModelUnavailable, match="No answer from the endpoint"):
            await client.ask(MESSAGES, SCHEMA)

    asyncio.run(run())
    assert len(time.waits) == 3


def test_fault_09_hang_ends_at_the_read_timeout() -> None:
    trial = ask(fault("hang"), timeout_s=0.2, policy=RetryPolicy(attempts=2))
    assert isinstance(trial.error, ModelTimeout)
    assert trial.error.retryable
    assert len(trial.requests) == 2


def test_fault_10_hang_is_bounded_by_one_total_deadline() -> None:
    trial = ask(fault("hang"), timeout_s=30, deadline_s=30, policy=RetryPolicy(total_s=0.3))
    assert isinstance(trial.error, ModelTimeout)
    assert "0.3 s" in str(trial.error)
    assert len(trial.requests) == 1


def test_fault_11_drip_is_ended_by_the_wall_clock() -> None:
    trial = ask(fault("drip", GOOD, drip_s=0.1), timeout_s=1.0, deadline_s=0.4, policy=RetryPolicy(attempts=1))
    assert isinstance(trial.error, ModelTimeout)
    assert "0.4 s" in str(trial.error)
    assert len(trial.requests) == 1


def test_fault_12_slow_answer_within_the_deadline() -> None:
    assert parse(ask(answer(GOOD, latency_s=0.2))).sure


def test_fault_13_body_cut_is_asked_for_once_more_only() -> None:
    trial = ask(fault("cut", GOOD))
    assert isinstance(trial.error, ReplyTruncated)
    assert "body was cut" in str(trial.error)
    assert len(trial.requests) == 2


def test_fault_14_body_cut_then_an_answer_counts_both_attempts() -> None:
    trial = ask(fault("cut", GOOD), answer(GOOD))
    assert parse(trial).sure
    assert trial.reply.usage.calls == 2


def test_fault_15_cut_json_of_the_whole_length() -> None:
    half = answer(GOOD).body[:90]
    trial = ask(Behaviour(half))
    assert isinstance(trial.error, ReplyTruncated)
    assert trial.error.raw == half.decode()
    assert len(trial.requests) == 2


# Answers that are not API answers


@pytest.mark.parametrize("name", ["html", "html_typed"])
def test_fault_16_html_with_status_200_is_not_an_api_answer(name: str) -> None:
    trial = ask(fault(name), policy=RetryPolicy(attempts=2))
    assert isinstance(trial.error, ModelUnavailable)
    assert "not an API answer" in str(trial.error)
    assert "Sign in" in str(trial.error)
    assert len(trial.requests) == 2
    long = ask(Behaviour(b"<html>" + b"x" * 5_000), policy=RetryPolicy(attempts=1))
    assert "x" * 100 in str(long.error)
    assert "x" * 200 not in str(long.error)


def test_fault_17_error_object_with_status_200() -> None:
    trial = ask(fault("error_in_200"), policy=RetryPolicy(attempts=1))
    assert isinstance(trial.error, ModelUnavailable)
    assert "upstream failed" in str(trial.error)


@pytest.mark.parametrize("name", ["empty_choices", "null_content"])
def test_fault_18_empty_choices_and_null_content_are_failures(name: str) -> None:
    trial = ask(fault(name))
    assert isinstance(trial.error, ReplyInvalid)
    assert "said nothing" in str(trial.error)
    assert len(trial.requests) == 1
    assert trial.ledger.written == []
    assert trial.breaker.state == "closed"


# The request is at fault


def test_fault_19_context_length_asks_for_a_split_and_is_not_retried() -> None:
    trial = ask(fault("context_length"))
    assert isinstance(trial.error, ContextTooLong)
    assert "split" in str(trial.error)
    assert len(trial.requests) == 1


@pytest.mark.parametrize("name", ["unauthorized", "forbidden", "unknown_model"])
def test_fault_20_denied_access_stops_the_queue_and_names_the_setting(name: str) -> None:
    trial = ask(fault(name), answer(GOOD), times=2)
    first, second = trial.outcomes
    assert isinstance(first, AccessDenied)
    assert "TRIAGE_MODEL" in str(first) if name == "unknown_model" else "TRIAGE_API_KEY" in str(first)
    assert isinstance(second, BreakerOpen)
    assert str(first) in str(second)
    assert len(trial.requests) == 1
    trial.breaker.reset()
    assert trial.breaker.state == "closed"


def test_fault_21_any_other_400_is_an_invalid_request() -> None:
    trial = ask(fault("bad_request"), times=2)
    assert isinstance(trial.outcomes[0], EndpointInvalid)
    assert "Unsupported parameter" in str(trial.outcomes[0])
    assert len(trial.requests) == 2  # one each: not retried, and the breaker stays shut
    assert trial.breaker.state == "closed"


# The model declines or runs out


def test_fault_22_refusal_is_a_state_of_its_own_and_keeps_its_words() -> None:
    trial = ask(fault("refusal"))
    assert isinstance(trial.error, Refused)
    assert trial.error.raw == "I cannot help with reports about crime."
    assert len(trial.requests) == 1
    [paid] = trial.ledger.failures
    assert paid["reply"] == trial.error.raw
    assert paid["usage"] == Usage(input_tokens=100, output_tokens=20, calls=1)
    assert trial.ledger.written == []


def test_fault_23_finish_reason_length_is_recorded_as_paid_and_not_repeated() -> None:
    trial = ask(fault("length", GOOD))
    assert isinstance(trial.error, ReplyTruncated)
    assert not trial.error.retryable
    assert trial.error.raw.startswith('{"answer": "yes"')
    assert len(trial.requests) == 1
    [paid] = trial.ledger.failures
    assert paid["reply"] == trial.error.raw
    assert paid["usage"] == Usage(input_tokens=100, output_tokens=20, calls=1)
    assert paid["model"] == "scripted-http"
    assert paid["error"] == "ReplyTruncated"
    assert "Sorn" in paid["prompt"]


def test_fault_24_content_filter_is_a_refusal_and_never_loops() -> None:
    trial = ask(fault("content_filter", GOOD))
    assert isinstance(trial.error, Refused)
    assert len(trial.requests) == 1
    [paid] = trial.ledger.failures
    assert paid["usage"].output_tokens == 20
    assert paid["reply"] == trial.error.raw == '{"a'


def test_fault_25_prompt_stopped_by_the_content_filter() -> None:
    trial = ask(fault("prompt_filtered"))
    assert isinstance(trial.error, Refused)
    assert len(trial.requests) == 1


# Replies that break the schema: one completed, recorded call, and a sentence for the repair turn


def test_fault_26_plain_text_refusal() -> None:
    assert "I'm sorry" in refused_text(ask(fault("plain_refusal")))


def test_fault_27_bad_json() -> None:
    assert "ends too early" in refused_text(ask(fault("truncated_json", GOOD)))


def test_fault_28_fences() -> None:
    assert "without a fence" in refused_text(ask(fault("fences", GOOD)))


def test_fault_29_prose_round_the_object() -> None:
    assert "without any words round it" in refused_text(ask(fault("prose", GOOD)))


def test_fault_30_extra_field() -> None:
    assert "unasked: there is no such field" in refused_text(ask(fault("extra_field", GOOD)))


def test_fault_31_wrong_type() -> None:
    text = refused_text(ask(fault("wrong_type", GOOD)))
    assert "answer:" in text
    assert "sure:" in text
    assert "sure:" in refused_text(ask(answer({**GOOD, "sure": "yes"})))  # a word is not coerced to true


def test_fault_32_nan() -> None:
    assert "NaN is not a JSON number" in refused_text(ask(fault("nan", GOOD)))


def test_fault_33_duplicate_keys() -> None:
    assert "'answer' occurs twice" in refused_text(ask(fault("duplicate_keys", GOOD)))


def test_fault_34_repair_turn_is_a_second_call_under_another_key() -> None:
    trial = Trial()

    async def run(base_url: str) -> None:
        spec = ModelSpec(name="openai:scripted", base_url=base_url)
        client = ModelClient(build_chat_model(spec, trial.ledger), spec)
        first = await client.ask(MESSAGES, SCHEMA)
        with pytest.raises(ReplyInvalid) as caught:
            parse_reply(first.text, Verdict)
        turn = [*MESSAGES, HumanMessage(f"Mend this:\n{caught.value}")]
        assert parse_reply((await client.ask(turn, SCHEMA)).text, Verdict).sure
        replayed = await client.ask(turn, SCHEMA)
        assert replayed.from_ledger

    with ScriptedServer([fault("extra_field", GOOD), answer(GOOD)]) as server:
        asyncio.run(run(server.base_url))
        assert len(server.requests) == 2
    assert len({prompt for prompt, _ in trial.ledger.written}) == 2
