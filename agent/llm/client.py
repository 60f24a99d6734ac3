"""ModelClient: one structured question to a chat model, with deadline, retries, breaker and ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from langchain_core.caches import BaseCache
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable, RunnableSequence

from agent.domain.record import Usage
from agent.errors import ModelError, ModelTimeout, Refused, ReplyInvalid, ReplyTruncated, TriageError
from agent.llm.answer import Answer, judge_answer, read_answer
from agent.llm.breaker import Breaker
from agent.llm.callcache import CallCache, identify_call
from agent.llm.retry import AsyncSleep, RetryPolicy, build_async_retrying
from agent.llm.schema import adapt_schema
from agent.llm.spec import ModelSpec
from agent.llm.translation import find_completion, translate


class PaidFailures(Protocol):
    """Where a completion that was paid for and gave no usable reply is recorded."""

    async def record_paid_failure(
        self, *, model: str, prompt: str, llm_string: str, reply: str, usage: Usage, error: str
    ) -> None:
        """Record it under the same ``prompt`` and ``llm_string`` as a reply would be."""


@dataclass(frozen=True)
class ModelReply:
    """What the model said, word for word, and what it cost."""

    text: str
    model: str
    """The model's id as the API returned it."""
    usage: Usage
    """Tokens of the reply; ``calls`` counts every attempt that reached the endpoint, 0 for a recorded reply."""
    finish_reason: str
    parameters: Mapping[str, Any]
    latency_ms: int
    """Wall clock of the whole question, waits included."""
    from_ledger: bool


@dataclass
class _Call:
    """One question under way."""

    identity: str
    structured: Mapping[str, Any]
    attempts: int = 0
    cache: CallCache | None = None
    clock: asyncio.Timeout = field(default_factory=lambda: asyncio.timeout(None))


class ModelClient:
    """Asks one chat model. Safe for many coroutines of one event loop at a time."""

    def __init__(
        self,
        model: BaseChatModel,
        spec: ModelSpec,
        *,
        retry: RetryPolicy | None = None,
        breaker: Breaker | None = None,
        paid_failures: PaidFailures | None = None,
        sleep: AsyncSleep = asyncio.sleep,
    ) -> None:
        self.spec = spec
        self.breaker = breaker or Breaker()
        self._retry = retry or RetryPolicy()
        self._model = model
        self._ledger = model.cache if isinstance(model.cache, BaseCache) else None
        self._paid_failures = paid_failures
        self._sleep = sleep

    async def ask(self, messages: Sequence[BaseMessage], schema: Mapping[str, Any], *, sample: int = 0) -> ModelReply:
        """The model's raw reply to ``messages``, asked to fill the JSON Schema ``schema``.

        ``sample`` tells repeated askings apart in the ledger: 0 in production, the epoch in evals. The reply is not
        parsed. Raises ModelError: RateLimited, ModelTimeout or ModelUnavailable once retries are used up; at once
        ReplyTruncated, Refused, ReplyInvalid (nothing was said), ContextTooLong, EndpointInvalid, AccessDenied,
        QuotaExhausted and BreakerOpen.
        """
        started = time.monotonic()
        fitted = adapt_schema(schema, strict=self.spec.enforces_strictly)
        call = _Call(identify_call(self.spec, fitted, sample), fitted)
        answer = await self._ask_until_answered(list(messages), call)
        cache = cast(CallCache, call.cache)
        try:
            judge_answer(answer)
        except (Refused, ReplyInvalid, ReplyTruncated) as error:
            await self._record_failure(call, error, answer)
            raise
        await cache.keep()
        return ModelReply(
            text=answer.text,
            model=answer.model or self.spec.name,
            usage=answer.usage.model_copy(update={"calls": call.attempts}),
            finish_reason=answer.finish_reason,
            parameters=self.spec.parameters() | {"sample": sample},
            latency_ms=round((time.monotonic() - started) * 1000),
            from_ledger=cache.found,
        )

    async def _ask_until_answered(self, messages: list[BaseMessage], call: _Call) -> Answer:
        retrying = build_async_retrying(self._retry, self._sleep)
        try:
            async with asyncio.timeout(self._retry.total_s):
                return cast(Answer, await retrying(self._attempt, messages, call))
        except TimeoutError as exc:
            raise ModelTimeout(
                f"No answer within {self._retry.total_s:g} s, after {call.attempts} attempts, waits included."
            ) from exc
        except ModelError as error:
            if error.__cause__ is not None:
                await self._record_raised(call, error)
            raise

    async def _attempt(self, messages: list[BaseMessage], call: _Call) -> Answer:
        call.clock = asyncio.timeout(None)
        call.cache = CallCache(self._ledger, call.identity, lambda: self._begin_attempt(call))
        asked = self._bind(call.cache, call.structured)
        try:
            async with call.clock:
                message = await asked.ainvoke(messages)
        except TriageError:
            raise  # the breaker's or the ledger's own word
        except Exception as exc:  # any provider's library may raise anything; the table names it
            error = self._name_failure(exc, call)
            self.breaker.record_failure(error)
            raise error from exc
        if not call.cache.found:
            self.breaker.record_success()
        return read_answer(cast(AIMessage, message))

    async def _begin_attempt(self, call: _Call) -> None:
        """The ledger has no reply: wait for a shared pause to end, then start the attempt's clock."""
        wait = self.breaker.admit()
        if wait > 0:
            await self._sleep(wait)
        call.attempts += 1
        call.clock.reschedule(asyncio.get_running_loop().time() + self.spec.deadline_s)

    def _bind(self, cache: CallCache, schema: Mapping[str, Any]) -> Runnable[Any, Any]:
        """The model bound to the schema. LangChain's parser is left off: it mends cut JSON, lets duplicate keys pass
        and takes seconds over a long bad reply, with the event loop held."""
        model = self._model.model_copy(update={"cache": cache})
        strict = {"strict": True} if self.spec.enforces_strictly else {}
        structured = model.with_structured_output(dict(schema), method="json_schema", **strict)
        return structured.first if isinstance(structured, RunnableSequence) else structured

    def _name_failure(self, exc: Exception, call: _Call) -> ModelError:
        if isinstance(exc, TimeoutError) and call.clock.expired():
            return ModelTimeout(f"No complete answer within {self.spec.deadline_s:g} s (TRIAGE_DEADLINE_S).")
        if isinstance(exc, IndexError) and call.cache is not None and call.cache.prompt:
            return ReplyInvalid("The answer holds no choices: the model said nothing.")
        return translate(exc)

    async def _record_raised(self, call: _Call, error: ModelError) -> None:
        """Record what the provider's client hid in an exception although it was paid for."""
        paid = find_completion(cast(BaseException, error.__cause__))
        if paid is not None:
            await self._record_failure(call, error, Answer(paid.text, paid.model, paid.usage))

    async def _record_failure(self, call: _Call, error: ModelError, answer: Answer) -> None:
        if self._paid_failures is None or call.cache is None or call.cache.found:
            return
        await self._paid_failures.record_paid_failure(
            model=answer.model or self.spec.name,
            prompt=call.cache.prompt,
            llm_string=call.identity,
            reply=answer.text or answer.refusal,
            usage=answer.usage.model_copy(update={"calls": 1}),
            error=type(error).__name__,  # its message may quote the reply, which only the reply's own place may hold
        )
