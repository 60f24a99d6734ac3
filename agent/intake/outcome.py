"""What reading one alert yields: the alert, or the failure that says why there is none; and the size limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from agent.domain.alert import Alert
from agent.domain.record import FailureDetail, TriageFailure
from agent.errors import InputError

IntakeOutcome: TypeAlias = Alert | TriageFailure

_MAX_SOURCE = 200
_MAX_MESSAGE = 2_000


@dataclass(frozen=True)
class IntakeLimits:
    """How large an input may be, in bytes; checked before the work that would be wasted on it."""

    max_article_bytes: int = 2_000_000
    """Of an article's text in UTF-8."""
    max_array_bytes: int = 64_000_000
    """Of a JSON file that holds a list: it is read at once, unlike JSONL and CSV."""
    max_page_tags: int = 30_000
    """Of an HTML page: extraction takes a second for some ten thousand and grows faster than the page."""

    @property
    def max_alert_bytes(self) -> int:
        """Of one alert as handed in (a file or a row): room for markup, escapes, UTF-16 and the other fields."""
        return 4 * self.max_article_bytes

    def describe_alert_limit(self) -> str:
        """The limit in words, for a refusal."""
        return (
            f"the limit for one alert is {self.max_alert_bytes:,} bytes "
            f"(four times max_article_bytes, {self.max_article_bytes:,})"
        )


DEFAULT_LIMITS = IntakeLimits()


def build_failure(error: InputError, source: str, alert_id: str | None = None) -> TriageFailure:
    """The failure value for an input that could not become an alert; ``source`` is the file and line."""
    return TriageFailure(
        alert_id=alert_id,
        failure=FailureDetail(
            stage="intake",
            error=type(error).__name__,
            message=clip(_storable(str(error)), _MAX_MESSAGE),
            retryable=False,
        ),
        source=_clip_left(_storable(source), _MAX_SOURCE),
    )


def clip(text: str, length: int) -> str:
    """The text, cut visibly to at most ``length`` characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def show(value: str, length: int = 60) -> str:
    """A value of the input, quoted and escaped for a message: no control character reaches a terminal."""
    return clip(repr(value), length)


def _clip_left(text: str, length: int) -> str:
    """A path says most at its end."""
    return text if len(text) <= length else "…" + text[-(length - 1) :]


def _storable(text: str) -> str:
    """File names may carry bytes that are no characters, and control characters that a terminal would obey."""
    encodable = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in encodable)
