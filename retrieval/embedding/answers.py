"""What a remote embedder answers: checked vectors, or our error for whatever its library raised."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import numpy as np

from agent.errors import AccessDenied, EndpointInvalid, IndexUnavailable, QuotaExhausted, TriageError
from retrieval.embedding.embedder import Vectors

_SHOWN: Final = 200
"""How many characters of a foreign message an error quotes."""
_NO_MONEY: Final = re.compile(
    r"insufficient_quota|billing_hard_limit|billing_not_active|exceeded your current quota|credit balance"
)
_UNANSWERED: Final = {"APIConnectionError", "TransportError", "OSError"}
"""Ancestors, by name, of what clients raise when nobody answers in time; httpx, openai and the system share them."""


class PauseAsked(IndexUnavailable):
    """The endpoint asks for a slower pace; ``retry_after`` holds the seconds when it named them."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def read_vectors(answer: Sequence[Sequence[float]], count: int, name: str) -> Vectors:
    """The answer as vectors of length 1, shape (count, dimension). Raises IndexUnavailable when it is anything else."""
    try:
        vectors = np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise IndexUnavailable(f"The embedder {name} gave vectors of unequal length or none at all.") from error
    if vectors.ndim != 2 or len(vectors) != count or vectors.shape[1] == 0:
        raise IndexUnavailable(
            f"The embedder {name} gave {len(vectors) if vectors.ndim else 'no'} vectors for {count} texts."
        )
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not lengths.all():
        raise IndexUnavailable(f"The embedder {name} gave a vector of zeros, or one that holds no finite numbers.")
    return np.asarray(vectors / lengths, dtype=np.float32)


def translate_failure(error: Exception, name: str) -> TriageError:
    """Our error for what a provider's library raised, told by the HTTP status, else by the names of its ancestors."""
    status = _status(error)
    if status is not None:
        return _from_status(error, status, name)
    if any(kind.__name__ in _UNANSWERED for kind in type(error).__mro__):
        return IndexUnavailable(
            f"The embedder {name} does not answer: {_shorten(_deepest(error))}. Check TRIAGE_EMBEDDER_BASE_URL and "
            "that the server runs."
        )
    if isinstance(error, ValueError | KeyError | TypeError | IndexError | AttributeError):
        # What clients stumble over in an answer of the wrong shape.
        return IndexUnavailable(
            f"The embedder {name} sent something that is not an embedding answer (a proxy's page?): "
            f"{_shorten(str(error))}. Check TRIAGE_EMBEDDER_BASE_URL."
        )
    return EndpointInvalid(f"The embedder {name} failed with {type(error).__name__}: {_shorten(str(error))}")


def _from_status(error: Exception, status: int, name: str) -> TriageError:
    words = _shorten(str(error))
    if status == 402 or _NO_MONEY.search(str(error).lower()):
        return QuotaExhausted(f"The account at the embedder {name} has no quota or money left: {words}")
    if status == 429:
        return PauseAsked(f"The embedder {name} asks for a slower pace (429): {words}", _retry_after(error))
    if status in {401, 403}:
        return AccessDenied(f"The embedder {name} denies access ({status}); check TRIAGE_EMBEDDER_API_KEY. {words}")
    if status == 404:
        return AccessDenied(
            f"The embedder {name} is not known there (404); check TRIAGE_EMBEDDER and TRIAGE_EMBEDDER_BASE_URL. {words}"
        )
    if status >= 500 or status in {408, 409, 425}:
        return IndexUnavailable(f"The embedder {name} failed ({status}): {words}")
    return EndpointInvalid(f"The embedder {name} rejects the request ({status}): {words}")


def _status(error: Exception) -> int | None:
    for source in (error, getattr(error, "response", None)):
        found = getattr(source, "status_code", None)
        if isinstance(found, int) and found >= 300:
            return found
    return None


def _retry_after(error: Exception) -> float | None:
    """Seconds from ``retry-after-ms`` or ``retry-after`` (seconds or an HTTP date); None when absent or unreadable."""
    headers: Any = getattr(getattr(error, "response", None), "headers", None) or {}
    with suppress(KeyError, ValueError):
        return max(0.0, float(headers["retry-after-ms"]) / 1000)
    named = headers.get("retry-after") or ""
    with suppress(ValueError):
        return max(0.0, float(named))
    with suppress(ValueError):
        at = parsedate_to_datetime(named)
        return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp())
    return None


def _deepest(error: BaseException) -> str:
    """The innermost cause says what happened; the outer ones say only that something did."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return f"{type(error).__name__}: {error}"


def _shorten(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
