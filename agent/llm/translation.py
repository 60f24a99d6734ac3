"""Foreign exceptions → our errors, at the one boundary where a provider's library is called.

Classes are recognised by name along their ancestry: the OpenAI client, the clients generated like it (Anthropic,
Groq …), httpx and LangChain share these names, and so none of them has to be installed or imported to be understood.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from agent.domain.record import Usage
from agent.errors import (
    AccessDenied,
    ContextTooLong,
    EndpointInvalid,
    ModelError,
    ModelTimeout,
    ModelUnavailable,
    QuotaExhausted,
    RateLimited,
    Refused,
    ReplyTruncated,
)

_SHOWN = 200
"""How many characters of a foreign answer an error message quotes."""
_NO_MONEY = re.compile(
    r"insufficient_quota|billing_hard_limit|billing_not_active|exceeded your current quota|credit balance"
)
_TOO_LONG = re.compile(
    r"context_length|context length|context window|maximum context|context size|prompt is too long"
    r"|too many (input )?tokens|exceed_context"
)
_WITHOUT_KEY = re.compile(r"api_key|auth_token|authentication method|credentials")
_FILTERED = re.compile(r"content_filter|content_policy|content management policy|responsible ?ai")


class BodyCut(ReplyTruncated):
    """The connection ended within the body. The provider may have billed it, so it is asked for once more only."""

    retryable = True
    attempts_at_most = 2


@dataclass(frozen=True)
class PaidCompletion:
    """What a completion cost and said, taken from the exception that hid it."""

    text: str
    model: str
    usage: Usage


def translate(exc: BaseException) -> ModelError:
    """Our error for anything a provider's library may raise; the most specific entry of the table wins."""
    for kind in type(exc).__mro__:
        make = _BY_CLASS.get(kind.__name__)
        if make is not None:
            return make(exc)
    status = _status(exc)
    if status is not None:
        return _from_status(exc, status)
    if isinstance(exc, ValueError | KeyError | TypeError | IndexError | AttributeError):
        if _WITHOUT_KEY.search(str(exc)):
            return AccessDenied(f"No credentials for the model's provider; set TRIAGE_API_KEY. {_message(exc)}")
        # What clients stumble over in an answer of the wrong shape.
        return _not_api(str(getattr(getattr(exc, "response", None), "text", "") or exc))
    return EndpointInvalid(f"The provider's library failed with {type(exc).__name__}: {_shorten(str(exc))}")


def find_completion(exc: BaseException) -> PaidCompletion | None:
    """The paid completion behind an exception (OpenAI's length and content-filter errors), or None."""
    body = _completion_body(exc)
    choices = body.get("choices") or [{}]
    message = choices[0].get("message") or {}
    spent = body.get("usage") or {}
    if not message and not spent:
        return None
    usage = Usage(
        input_tokens=spent.get("prompt_tokens") or 0,
        output_tokens=spent.get("completion_tokens") or 0,
        cached_tokens=(spent.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
        calls=1,
    )
    text = message.get("content") or message.get("refusal") or ""
    return PaidCompletion(text=str(text), model=str(body.get("model") or ""), usage=usage)


def _completion_body(exc: BaseException) -> dict[str, Any]:
    """The completion as the API sent it: the length error carries it; LangChain keeps the filter error's response."""
    completion = getattr(exc, "completion", None)
    if completion is not None:
        return dict(completion.model_dump(warnings=False))
    response = getattr(exc, "response", None)
    if getattr(response, "status_code", None) != 200:
        return {}
    with suppress(ValueError):
        body = json.loads(str(getattr(response, "text", "")))
        return body if isinstance(body, dict) else {}
    return {}


def _truncated(exc: BaseException) -> ModelError:
    paid = find_completion(exc)
    return ReplyTruncated(
        "The reply ended at its token limit. Raise TRIAGE_MAX_OUTPUT_TOKENS, or split the article.",
        raw=paid.text if paid else "",
    )


def _filtered(exc: BaseException) -> ModelError:
    paid = find_completion(exc)
    return Refused(
        "The provider's content filter stopped the reply; the alert must be worked without a model's draft.",
        raw=paid.text if paid else "",
    )


def _too_long(exc: BaseException) -> ModelError:
    return ContextTooLong(f"The prompt is longer than the model's context; split the article. {_message(exc)}")


def _timed_out(exc: BaseException) -> ModelError:
    return ModelTimeout(f"The endpoint was silent for longer than TRIAGE_TIMEOUT_S allows ({type(exc).__name__}).")


def _not_json(exc: BaseException) -> ModelError:
    document = str(getattr(exc, "doc", "") or "")
    if document.lstrip().startswith("{"):
        return BodyCut("The answer's body was cut: its JSON has no end.", raw=document)
    return _not_api(document)


def _not_api(words: str) -> ModelError:
    return ModelUnavailable(
        f"The endpoint sent something that is not an API answer (a proxy's login page?): {_shorten(words)!r}. "
        "Check TRIAGE_BASE_URL and the proxy."
    )


def _unconnected(exc: BaseException) -> ModelError:
    for cause in _chain(exc):
        # h11's and httpcore's words for a connection that ended within the body; no class tells it apart.
        if "message body" in str(cause) or "incomplete chunked read" in str(cause):
            return BodyCut("The answer's body was cut: the connection ended before its end.")
    return ModelUnavailable(f"No answer from the endpoint: {_shorten(str(list(_chain(exc))[-1]) or str(exc))}")


def _from_status(exc: BaseException, status: int) -> ModelError:
    words = f"{_message(exc)} {_codes(exc)}".lower()
    if status == 402 or _NO_MONEY.search(words):
        return QuotaExhausted(f"The account at the model's provider has no quota or money left: {_message(exc)}")
    if status == 429:
        wait = _retry_after(exc)
        named = f"asks for a pause of {wait:g} s" if wait is not None else "asks for a slower pace"
        return RateLimited(f"The endpoint {named} (429): {_message(exc)}", retry_after=wait)
    if status in {401, 403}:
        return AccessDenied(f"The endpoint denies access ({status}); check TRIAGE_API_KEY. {_message(exc)}")
    if status == 404:
        return AccessDenied(
            f"The endpoint does not know the model or the address (404); check TRIAGE_MODEL and TRIAGE_BASE_URL. "
            f"{_message(exc)}"
        )
    if status == 413 or (status < 500 and _TOO_LONG.search(words)):
        return _too_long(exc)
    if status < 500 and _FILTERED.search(words):
        return Refused(f"The provider's content filter refused the prompt: {_message(exc)}", raw=_message(exc))
    if status in {408, 504}:
        return ModelTimeout(f"The endpoint gave up waiting ({status}): {_message(exc)}")
    if status >= 500 or status in {409, 425}:
        return ModelUnavailable(f"The endpoint failed ({status}): {_message(exc)}")
    return EndpointInvalid(f"The endpoint rejects the request ({status}): {_message(exc)}")


def _status(exc: BaseException) -> int | None:
    for source in (exc, getattr(exc, "response", None)):
        for name in ("status_code", "code"):
            found = getattr(source, name, None)
            if isinstance(found, int) and not isinstance(found, bool) and 300 <= found < 600:
                return found
    kinds = (_STATUS_OF_KIND.get(kind.__name__) for kind in type(exc).__mro__)
    return next((found for found in kinds if found), None)


def _retry_after(exc: BaseException) -> float | None:
    """Seconds from ``retry-after-ms`` or ``retry-after`` (seconds or an HTTP date); None when absent or unreadable."""
    headers = getattr(getattr(exc, "response", None), "headers", None)
    if not isinstance(headers, Mapping):
        return None
    with suppress(KeyError, ValueError):
        return max(0.0, float(headers["retry-after-ms"]) / 1000)
    named = headers.get("retry-after")
    if named is None:
        return None
    with suppress(ValueError):
        return max(0.0, float(named))
    with suppress(ValueError):
        at = parsedate_to_datetime(named)
        return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp())
    return None


def _error_body(exc: BaseException) -> Mapping[str, Any]:
    body = getattr(exc, "body", None)
    if isinstance(body, Mapping):
        inner = body.get("error")
        return inner if isinstance(inner, Mapping) else body
    return {}


def _codes(exc: BaseException) -> str:
    body = _error_body(exc)
    return " ".join(str(body[name]) for name in ("code", "type") if body.get(name))


def _message(exc: BaseException) -> str:
    words = _error_body(exc).get("message") or getattr(exc, "message", None) or str(exc)
    return _shorten(str(words))


def _chain(exc: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    at: BaseException | None = exc
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        at = at.__cause__ or at.__context__


def _shorten(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"


_BY_CLASS: Mapping[str, Callable[[BaseException], ModelError]] = {
    "LengthFinishReasonError": _truncated,
    "ContentFilterFinishReasonError": _filtered,
    "ContextOverflowError": _too_long,
    "APITimeoutError": _timed_out,
    "TimeoutException": _timed_out,
    "TimeoutError": _timed_out,
    "JSONDecodeError": _not_json,
    "APIConnectionError": _unconnected,
    "TransportError": _unconnected,
    "OSError": _unconnected,
}
"""By class name; an exception with none of these in its ancestry is told by its HTTP status."""

_STATUS_OF_KIND = {
    "ModelAuthenticationError": 401,
    "ModelPermissionDeniedError": 403,
    "ModelNotFoundError": 404,
    "ModelRateLimitError": 429,
    "ModelInvalidRequestError": 400,
    "ModelAPIError": 500,
}
"""LangChain's own kinds, for providers whose exceptions carry no status."""
