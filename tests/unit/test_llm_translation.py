"""Foreign exceptions that the fault matrix does not meet: other providers, other shapes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

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
)
from agent.llm.translation import translate


class Response:
    def __init__(self, status_code: int, headers: dict[str, str] | None = None, text: str = "") -> None:
        self.status_code = status_code
        self.headers = headers or {}
        self.text = text


class ForeignError(Exception):
    """As other clients raise: a status on the exception or on its response, a body or not."""

    def __init__(self, message: str, **attributes: Any) -> None:
        super().__init__(message)
        self.__dict__.update(attributes)


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (ForeignError("no", status_code=401), AccessDenied),
        (ForeignError("no", status_code=402), QuotaExhausted),
        (ForeignError("no", code=403), AccessDenied),
        (ForeignError("no", response=Response(404)), AccessDenied),
        (ForeignError("gone", status_code=408), ModelTimeout),
        (ForeignError("big", status_code=413), ContextTooLong),
        (ForeignError("shape", status_code=422), EndpointInvalid),
        (ForeignError("busy", status_code=429), RateLimited),
        (ForeignError("overloaded", status_code=529), ModelUnavailable),
        (ForeignError("Your credit balance is too low", status_code=400), QuotaExhausted),
        (ForeignError("prompt is too long: 210000 tokens", status_code=400), ContextTooLong),
        (
            ForeignError("x", status_code=400, body={"error": {"type": "exceed_context_size_error", "message": "n"}}),
            ContextTooLong,
        ),
        (ForeignError("code", code="E42"), EndpointInvalid),
        (type("ModelNotFoundError", (Exception,), {})("which?"), AccessDenied),
        (type("ModelRateLimitError", (Exception,), {})("slow"), RateLimited),
        (type("ReadTimeout", (type("TimeoutException", (Exception,), {}),), {})("t"), ModelTimeout),
        (type("ConnectError", (type("TransportError", (Exception,), {}),), {})("c"), ModelUnavailable),
        (ConnectionResetError("reset"), ModelUnavailable),
        (TimeoutError("t"), ModelTimeout),
        (KeyError("choices"), ModelUnavailable),
        (TypeError("Could not resolve authentication method. Expected either api_key"), AccessDenied),
        (RuntimeError("?"), EndpointInvalid),
    ],
)
def test_foreign_exceptions(foreign: Exception, ours: type[ModelError]) -> None:
    assert type(translate(foreign)) is ours


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({}, None),
        ({"retry-after": format_datetime(datetime.now(UTC) - timedelta(hours=1))}, 0),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    error = translate(ForeignError("slow", status_code=429, response=Response(429, headers)))
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


def test_retry_after_as_a_date() -> None:
    headers = {"retry-after": format_datetime(datetime.now(UTC) + timedelta(hours=1))}
    error = translate(ForeignError("slow", status_code=429, response=Response(429, headers)))
    assert isinstance(error, RateLimited)
    assert error.retry_after is not None
    assert 3_500 < error.retry_after <= 3_600


def test_a_message_is_one_short_line() -> None:
    error = translate(ForeignError("a\n" * 4_000, status_code=500))
    assert "\n" not in str(error)
    assert len(str(error)) < 300


def test_a_filtered_prompt_keeps_the_words() -> None:
    error = translate(ForeignError("flagged", status_code=400, body={"code": "content_filter", "message": "flagged"}))
    assert isinstance(error, Refused)
    assert error.raw == "flagged"
