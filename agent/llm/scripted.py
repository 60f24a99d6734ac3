"""ScriptedChatModel: a chat model that says what it was told to say. It ships, for demonstrations and tests."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from langchain_core.caches import BaseCache
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.output_parsers import JsonOutputParser
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from pydantic import PrivateAttr

from agent.errors import ModelNotConfigured, ModelUnavailable

ScriptedReply = str | dict[str, Any] | Exception | Callable[[Sequence[BaseMessage]], str]
"""Words; a JSON object; an error to raise; or a function of the messages that gives the words."""

_CHARACTERS_A_TOKEN = 4


class ScriptedChatModel(BaseChatModel):
    """Answers from ``replies``, one a call, in order; ``repeat`` starts over at the end.

    Takes structured output by JSON schema like any LangChain model, reports an estimated usage and calls itself
    ``scripted``. Raises ModelUnavailable when no reply is left. ``asked`` holds the messages of every call.
    """

    replies: list[Any]
    repeat: bool = False
    _queue: deque[ScriptedReply] = PrivateAttr()
    _asked: list[list[BaseMessage]] = PrivateAttr(default_factory=list)

    def model_post_init(self, context: Any, /) -> None:
        """Queue the replies; LangChain copies models, and all copies share this one queue."""
        super().model_post_init(context)
        self._queue = deque(self.replies)

    @property
    def asked(self) -> list[list[BaseMessage]]:
        """The messages of every call so far."""
        return self._asked

    def with_structured_output(
        self, schema: dict[str, Any] | type, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[Any, Any]:
        """The model bound to ``schema``, which becomes part of the call as it would on the wire."""
        bound = self.bind(response_format=schema, **kwargs)
        if include_raw:
            parsed = RunnablePassthrough.assign(parsed=lambda reply: JsonOutputParser().invoke(reply["raw"]))
            return RunnableMap(raw=bound) | parsed
        return bound | JsonOutputParser()

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 (LangChain's signature)
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> ChatResult:
        self._asked.append(list(messages))
        if not self._queue:
            raise ModelUnavailable(f"The scripted model has no reply left; its script holds {len(self.replies)}.")
        reply = self._queue.popleft()
        if self.repeat:
            self._queue.append(reply)
        text = _speak(reply, messages)
        read, written = sum(len(str(message.text)) for message in messages), len(text)
        usage = {
            "input_tokens": read // _CHARACTERS_A_TOKEN,
            "output_tokens": written // _CHARACTERS_A_TOKEN,
            "total_tokens": read // _CHARACTERS_A_TOKEN + written // _CHARACTERS_A_TOKEN,
        }
        message = AIMessage(
            content=text,
            usage_metadata=usage,
            response_metadata={"model_name": "scripted", "finish_reason": "stop"},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    @property
    def _llm_type(self) -> str:
        return "scripted"


def load_scripted(path: Path, *, cache: BaseCache | None = None) -> ScriptedChatModel:
    """The model whose replies are the list in a YAML or JSON file: strings as they are, mappings as JSON objects.

    Raises ModelNotConfigured when the file is missing or holds anything else.
    """
    try:
        script = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise ModelNotConfigured(f"The script of replies {str(path)!r} cannot be read: {exc}") from exc
    if not isinstance(script, list) or not all(isinstance(reply, str | dict) for reply in script):
        raise ModelNotConfigured(f"The script {str(path)!r} must be a list of replies, each a text or a mapping.")
    return ScriptedChatModel(replies=script, cache=False if cache is None else cache)


def _speak(reply: ScriptedReply, messages: Sequence[BaseMessage]) -> str:
    if isinstance(reply, Exception):
        raise reply
    if isinstance(reply, str):
        return reply
    if isinstance(reply, dict):
        return json.dumps(reply, ensure_ascii=False)
    return reply(messages)
