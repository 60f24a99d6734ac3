"""What makes two model calls the same call, read from what LangChain tells its cache.

LangChain describes a model as ``{json}---[parameters]`` or, for models it cannot serialise, as ``[parameters]``. That
text may hold addresses with passwords and headers with keys, so it is hashed, and only listed parameters are kept.
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from typing import Any

from agent.domain.fingerprint import content_hash

_SETTINGS = frozenset(
    {
        "frequency_penalty",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "model",
        "model_name",
        "n",
        "presence_penalty",
        "reasoning_effort",
        "seed",
        "service_tier",
        "stop",
        "temperature",
        "top_k",
        "top_p",
        "verbosity",
    }
)
"""Parameters that are kept in the clear: they steer the answer and are no secrets."""

_TRANSPORT = frozenset(
    {
        "default_headers",
        "max_retries",
        "request_timeout",
        "stream_chunk_timeout",
        "timeout",
    }
)
"""Settings of the connection: changing one does not make it another question, so they stay out of the key."""


@dataclass(frozen=True)
class CallKey:
    """A call's key, and what may be stored about it in the clear."""

    key: str
    prompt_hash: str
    provider: str | None
    model: str | None
    """The model that was asked for; the API may name a more exact one."""
    parameters: dict[str, Any]


def identify_call(prompt: str, llm_string: str, sample: int = 0) -> CallKey:
    """The key of a call from LangChain's ``prompt`` and ``llm_string``; another ``sample`` is another call."""
    constructor, invocation = _parse(llm_string)
    stable: Any = llm_string
    if constructor is not None:
        kwargs = {name: part for name, part in constructor.get("kwargs", {}).items() if name not in _TRANSPORT}
        stable = [constructor | {"kwargs": kwargs}, llm_string.partition("---")[2]]
        invocation = kwargs | {name: part for name, part in invocation.items() if part is not None}
    parameters = {name: part for name, part in invocation.items() if name in _SETTINGS and part is not None}
    model = parameters.pop("model_name", None) or parameters.pop("model", None)
    return CallKey(
        key=content_hash({"prompt": prompt, "llm": stable, "sample": sample}),
        prompt_hash=content_hash(prompt),
        provider=_name_provider(constructor, invocation),
        model=str(model) if model else None,
        parameters=parameters,
    )


def _parse(llm_string: str) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The serialised model, if there is one, and the parameters of this call, as far as they are plain literals."""
    constructor: dict[str, Any] | None = None
    rest = llm_string
    if llm_string.startswith("{"):
        try:
            constructor, end = json.JSONDecoder().raw_decode(llm_string)
            rest = llm_string[end:].removeprefix("---")
        except ValueError:
            constructor = None
    try:
        pairs = ast.literal_eval(rest)
        return constructor, {str(name): part for name, part in pairs}
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return constructor, {}


def _name_provider(constructor: dict[str, Any] | None, invocation: dict[str, Any]) -> str | None:
    """The class that LangChain would build (``ChatOpenAI``), or the kind that a model without one states."""
    if constructor is not None:
        path = constructor.get("id") or [None]
        return str(constructor.get("name") or path[-1])
    kind = invocation.get("_type")
    return str(kind) if kind else None
