"""Answer: a chat message read alike whichever provider's LangChain package made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage

from agent.domain.record import Usage
from agent.errors import Refused, ReplyInvalid, ReplyTruncated

_CUT_SHORT = frozenset({"length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"})
_FILTERED = frozenset({"content_filter", "refusal", "safety", "prohibited_content", "blocklist", "recitation", "spii"})
"""Finish reasons, lower-cased, as OpenAI, Anthropic, Google, Mistral and Ollama write them."""


@dataclass(frozen=True)
class Answer:
    """The words of a completion, and how it ended."""

    text: str
    model: str
    usage: Usage
    finish_reason: str = ""
    refusal: str = ""


def read_answer(message: AIMessage) -> Answer:
    """The answer in ``message``; what the provider does not state is empty or zero."""
    metadata = message.response_metadata
    reason = metadata.get("finish_reason") or metadata.get("stop_reason") or metadata.get("done_reason") or ""
    return Answer(
        text=str(message.text),
        model=str(metadata.get("model_name") or metadata.get("model") or ""),
        usage=_read_usage(message),
        finish_reason=str(reason),
        refusal=str(message.additional_kwargs.get("refusal") or ""),
    )


def judge_answer(answer: Answer) -> None:
    """Raise Refused, ReplyTruncated or ReplyInvalid, with its words in ``raw``, for an answer that holds no reply."""
    reason = answer.finish_reason.lower()
    if answer.refusal:
        raise Refused(
            f"The model declined: {answer.refusal[:200]} The alert must be worked without a model's draft.",
            raw=answer.refusal,
        )
    if reason in _FILTERED:
        raise Refused(
            f"The provider stopped the reply ({answer.finish_reason}); work the alert without a model's draft.",
            raw=answer.text,
        )
    if reason in _CUT_SHORT:
        raise ReplyTruncated(
            f"The reply ended at its token limit ({answer.finish_reason}). Raise TRIAGE_MAX_OUTPUT_TOKENS, or split "
            "the article.",
            raw=answer.text,
        )
    if not answer.text.strip():
        raise ReplyInvalid("The answer is empty: the model said nothing.", raw=answer.text)


def _read_usage(message: AIMessage) -> Usage:
    stated: Any = message.usage_metadata or {}  # a reply from the ledger may state a cost and no tokens
    details = stated.get("input_token_details") or {}
    return Usage(
        input_tokens=stated.get("input_tokens") or 0,
        output_tokens=stated.get("output_tokens") or 0,
        cached_tokens=details.get("cache_read") or 0,
    )
