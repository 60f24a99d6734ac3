"""A model's answer as plain JSON and back: no pickle, no class names, nothing that could be made to run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, Generation
from pydantic import BaseModel

from agent.domain.record import Usage

_MESSAGE_FIELDS = (
    "content",
    "additional_kwargs",
    "response_metadata",
    "tool_calls",
    "invalid_tool_calls",
    "usage_metadata",
    "id",
    "name",
)


def write_reply(generations: Sequence[Generation]) -> str:
    """The generations of one call as JSON.

    A parsed model among the extras becomes its dictionary, which LangChain's parsers accept in its place; any other
    foreign object becomes its text, because an answer that was paid for must not be lost over an extra.
    """
    return json.dumps([_pack(generation) for generation in generations], default=_plain)


def read_reply(body: str) -> list[Generation]:
    """The generations that ``write_reply`` wrote."""
    return [_unpack(packed) for packed in json.loads(body)]


def read_usage(generations: Sequence[Generation]) -> Usage:
    """Tokens of one call, as its message states them; zeros where it states none."""
    for generation in generations:
        message = generation.message if isinstance(generation, ChatGeneration) else None
        usage = message.usage_metadata if isinstance(message, AIMessage) else None
        if usage:
            return Usage(
                input_tokens=usage.get("input_tokens", 0),
                output_tokens=usage.get("output_tokens", 0),
                cached_tokens=usage.get("input_token_details", {}).get("cache_read", 0) or 0,
                calls=1,
            )
    return Usage(calls=1)


def read_model_name(generations: Sequence[Generation]) -> str | None:
    """The model's id as the API returned it, when it did."""
    for generation in generations:
        if isinstance(generation, ChatGeneration):
            metadata = generation.message.response_metadata
            name = metadata.get("model_name") or metadata.get("model")
            if name:
                return str(name)
    return None


def _pack(generation: Generation) -> dict[str, Any]:
    packed: dict[str, Any] = {"text": generation.text, "generation_info": generation.generation_info}
    if isinstance(generation, ChatGeneration):
        packed["message"] = {name: getattr(generation.message, name, None) for name in _MESSAGE_FIELDS}
    return packed


def _unpack(packed: dict[str, Any]) -> Generation:
    if "message" not in packed:
        return Generation(text=packed["text"], generation_info=packed["generation_info"])
    fields = {name: part for name, part in packed["message"].items() if part is not None}
    return ChatGeneration(message=AIMessage(**fields), generation_info=packed["generation_info"])


def _plain(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)
