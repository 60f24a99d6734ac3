"""The call ledger: LangChain's cache over a table in which every paid call is a row, so that none is paid twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import uuid4

from langchain_core.caches import BaseCache
from langchain_core.outputs import Generation
from sqlalchemy import Engine, select, update

from agent.domain.alert import Alert
from agent.domain.record import Usage
from agent.store import tables
from agent.store.audit import AuditChain
from agent.store.callkeys import CallKey, identify_call
from agent.store.content import UNOWNED, delete_content, load_content, store_content, subject_key, utc_now
from agent.store.dialects import insert_new, reading, writing
from agent.store.replies import read_model_name, read_reply, read_usage, write_reply

Price = Callable[[str, Usage], float | None]
"""Dollars for a call to the named model, or None when its price is not known."""

_erasure_key: ContextVar[str] = ContextVar("erasure_key", default=UNOWNED)
_asked: ContextVar[tuple[str, float] | None] = ContextVar("asked", default=None)


@dataclass(frozen=True)
class PaidFailure:
    """A call that was paid for and gave no usable answer."""

    model: str
    reply: str
    error: str
    usage: Usage
    created_at: str


class CallLedger(BaseCache):
    """Every completed model call, found again by what was asked.

    A row is durable when ``update`` returns. ``sample`` tells repeated askings of one question apart: 0 in
    production, the epoch in evals. ``price`` fills in what a call cost.
    """

    def __init__(self, engine: Engine, audit: AuditChain, *, sample: int = 0, price: Price | None = None) -> None:
        self._engine = engine
        self._audit = audit
        self._sample = sample
        self._price = price

    def with_sample(self, sample: int) -> CallLedger:
        """The same ledger for another sample."""
        return CallLedger(self._engine, self._audit, sample=sample, price=self._price)

    @contextmanager
    def about(self, alert: Alert) -> Iterator[None]:
        """Calls recorded within the block (and the tasks it starts) are erased together with this alert's subject."""
        token = _erasure_key.set(subject_key(alert))
        try:
            yield
        finally:
            _erasure_key.reset(token)

    def key_of(self, prompt: str, llm_string: str) -> str:
        """The key under which a call with these words and this model is kept."""
        return identify_call(prompt, llm_string, self._sample).key

    def lookup(self, prompt: str, llm_string: str) -> list[Generation] | None:
        """The recorded answer to this call, or None when there is none; failures are no answers."""
        key = self.key_of(prompt, llm_string)
        found = self._find(key)
        if found is None:
            _asked.set((key, monotonic()))
        return found

    async def alookup(self, prompt: str, llm_string: str) -> list[Generation] | None:
        """As ``lookup``, off the event loop."""
        key = self.key_of(prompt, llm_string)
        found = await asyncio.to_thread(self._find, key)
        if found is None:
            _asked.set((key, monotonic()))
        return found

    def update(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """Record an answer; when the same call was recorded meanwhile, that row stands and this one is not kept."""
        call = identify_call(prompt, llm_string, self._sample)
        usage = read_usage(return_val)
        model = read_model_name(return_val) or call.model
        self._write(call, model, write_reply(return_val), usage, self._cost(model, usage), None)

    async def aupdate(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """As ``update``, off the event loop."""
        await asyncio.to_thread(self.update, prompt, llm_string, return_val)

    async def record_paid_failure(
        self, *, model: str, prompt: str, llm_string: str, reply: str, usage: Usage, error: str
    ) -> None:
        """Record a call that cost money and raised (cut off, filtered, invalid); ``lookup`` never returns it."""
        call = identify_call(prompt, llm_string, self._sample)
        cost = usage.cost_usd if usage.cost_usd is not None else self._cost(model, usage)
        body = json.dumps({"reply": reply, "error": error})
        await asyncio.to_thread(self._write, call, model, body, usage, cost, error[:200] or "failed")

    def lookup_failure(self, key: str) -> PaidFailure | None:
        """The latest paid failure of a call, by ``key_of``; None when there is none or it was erased."""
        calls = tables.calls.c
        query = select(tables.calls).where(calls.key == key, calls.error.is_not(None)).order_by(calls.seq.desc())
        with reading(self._engine) as connection:
            row = connection.execute(query.limit(1)).one_or_none()
            body = load_content(connection, row.content_id) if row else None
        if row is None or body is None:
            return None
        parsed = json.loads(body)
        usage = Usage(
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            cached_tokens=row.cached_tokens,
            calls=1,
            cost_usd=row.cost_usd,
        )
        return PaidFailure(row.model or "", parsed["reply"], parsed["error"], usage, row.created_at)

    def clear(self, **kwargs: Any) -> None:  # noqa: ARG002 (LangChain's signature)
        """Forget all answers, so that every call is made anew; what was paid stays on record."""
        with writing(self._engine) as connection:
            connection.execute(update(tables.calls).values(key="cleared:" + tables.calls.c.call_id))
            self._audit.append(connection, "ledger", "calls.cleared", "all")

    async def aclear(self, **kwargs: Any) -> None:  # noqa: ARG002 (LangChain's signature)
        """As ``clear``, off the event loop."""
        await asyncio.to_thread(self.clear)

    def _find(self, key: str) -> list[Generation] | None:
        calls = tables.calls.c
        query = select(calls.content_id).where(calls.key == key, calls.error.is_(None))
        with reading(self._engine) as connection:
            content_id = connection.scalar(query)
            body = load_content(connection, content_id) if content_id else None
        return read_reply(body) if body is not None else None

    def _cost(self, model: str | None, usage: Usage) -> float | None:
        return self._price(model, usage) if self._price and model else None

    def _write(
        self, call: CallKey, model: str | None, body: str, usage: Usage, cost: float | None, error: str | None
    ) -> None:
        call_id = uuid4().hex
        asked = _asked.get()
        latency = round((monotonic() - asked[1]) * 1000) if asked and asked[0] == call.key else None
        with writing(self._engine) as connection:
            sealed = store_content(connection, body, _erasure_key.get())
            added = insert_new(
                connection,
                tables.calls,
                call_id=call_id,
                key=call.key,
                prompt_hash=call.prompt_hash,
                provider=call.provider,
                model=model,
                parameters=json.dumps(call.parameters, default=str, sort_keys=True),
                sample=self._sample,
                content_id=sealed.content_id,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cached_tokens=usage.cached_tokens,
                cost_usd=cost,
                latency_ms=latency,
                error=error,
                created_at=utc_now(),
            )
            if added:
                self._audit.append(connection, "ledger", "call.recorded", call_id, sealed)
            else:
                delete_content(connection, [sealed.content_id])
