"""CallCache: one call's view of the ledger, which gives every call a stable identity and tells what became of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from langchain_core.caches import BaseCache
from langchain_core.outputs import Generation

from agent.domain.fingerprint import content_hash
from agent.llm.spec import ModelSpec


class CallCache(BaseCache):
    """Stands between LangChain and the ledger for one call.

    LangChain's own ``llm_string`` changes with its version, with time-outs and with headers, and has no place for a
    sample; here the ledger is asked under ``identity`` instead. A miss awaits ``on_miss`` (pacing and the deadline
    start there, so that recorded replies need neither). The reply is held back until ``keep``: only the caller can
    tell a reply from a paid failure.
    """

    def __init__(self, ledger: BaseCache | None, identity: str, on_miss: Callable[[], Awaitable[None]]) -> None:
        self.identity = identity
        self.prompt = ""
        self.found = False
        """Whether the reply came from the ledger."""
        self._ledger = ledger
        self._on_miss = on_miss
        self._completed: Sequence[Generation] = ()

    async def alookup(self, prompt: str, llm_string: str) -> Sequence[Generation] | None:  # noqa: ARG002
        """The recorded reply, or None after ``on_miss``."""
        self.prompt = prompt
        recorded = await self._ledger.alookup(prompt, self.identity) if self._ledger is not None else None
        self.found = recorded is not None
        if recorded is None:
            await self._on_miss()
        return recorded

    async def aupdate(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:  # noqa: ARG002
        """Hold the completed reply until it is judged."""
        self._completed = return_val

    async def keep(self) -> None:
        """Write the reply to the ledger; nothing when it came from there."""
        if self._ledger is not None and not self.found and self._completed:
            await self._ledger.aupdate(self.prompt, self.identity, self._completed)

    def lookup(self, prompt: str, llm_string: str) -> Sequence[Generation] | None:
        """Refused: the ledger is asked by coroutines only."""
        raise NotImplementedError("a model call goes through ainvoke")

    def update(self, prompt: str, llm_string: str, return_val: Sequence[Generation]) -> None:
        """Refused: the ledger is asked by coroutines only."""
        raise NotImplementedError("a model call goes through ainvoke")

    def clear(self, **kwargs: Any) -> None:
        """Refused: one call may not forget the others."""
        raise NotImplementedError("clear the ledger itself")


def identify_call(spec: ModelSpec, schema: Mapping[str, Any], sample: int) -> str:
    """What makes two calls with the same messages the same call: model, address, parameters, schema and sample.

    In the form of LangChain's ``llm_string``, which ledgers can read: serialised constructor, dashes, parameters.
    """
    constructor = {
        "name": spec.provider,
        "kwargs": {
            "model_name": spec.model,
            "base_url": spec.endpoint,
            "temperature": spec.temperature,
            "max_tokens": spec.max_output_tokens,
        },
    }
    invocation = [("sample", sample), ("schema", content_hash(schema))]
    return f"{json.dumps(constructor, sort_keys=True)}---{invocation}"
