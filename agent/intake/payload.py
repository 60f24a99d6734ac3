"""One alert as an object of the wire format becomes an `Alert`; every refusal is a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from agent.domain.alert import Alert
from agent.domain.record import TriageFailure
from agent.errors import AlertInvalid, AlertTooLarge, InputError
from agent.intake.outcome import DEFAULT_LIMITS, IntakeLimits, IntakeOutcome, build_failure, clip, show
from agent.intake.problems import describe_problems
from agent.intake.strict_json import JsonFault, name_json_type
from agent.intake.tidying import Tidier, find_mixed_scripts, find_untypable, has_text
from agent.intake.webpage import Webpage, read_webpage

_MAX_ID = 128
_PARTIAL_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_].*)?")
NO_ID = "there is no alert id, and none is invented"


def read_alert_payload(
    payload: Mapping[str, Any], source: str, limits: IntakeLimits = DEFAULT_LIMITS, notes: tuple[str, ...] = ()
) -> Alert:
    """The alert that an object of the wire format describes.

    ``source`` says where it came from (``batch.jsonl:3``) and stands in every message; ``notes`` are what reading it
    took so far. Raises AlertInvalid and AlertTooLarge.
    """
    tidier = Tidier()
    try:
        fields = tidier.tidy(payload)
    except RecursionError as error:
        raise AlertInvalid(f"{_name_alert(payload, source)}: the payload is nested too deeply.") from error
    except AlertInvalid as error:
        raise AlertInvalid(f"{_name_alert(payload, source)}: {error}.") from error
    where = f"Alert {_check_id(fields.get('alert_id'), source)} ({source})"
    if "notes" in fields:
        raise AlertInvalid(f"{where}: 'notes' is not a known field; intake writes the notes itself.")
    subject, subject_notes = _read_subject(fields.get("subject"), where)
    article, article_notes = _read_article(fields, source, limits)
    _check_moments(fields, where)
    all_notes = (*notes, *article_notes, *tidier.notes(), *subject_notes)
    fields = fields | {"subject": subject, "article": article, "notes": [clip(note, 400) for note in all_notes]}
    try:
        return Alert.model_validate(fields)
    except ValidationError as error:
        raise AlertInvalid(f"{where}: {describe_problems(error)}") from error


def read_or_fail(
    payload: object, source: str, limits: IntakeLimits = DEFAULT_LIMITS, notes: tuple[str, ...] = ()
) -> Alert | TriageFailure:
    """As `read_alert_payload`, for any parsed value and with the refusal as a value."""
    outcome: IntakeOutcome
    try:
        if not isinstance(payload, Mapping):
            raise AlertInvalid(f"{_name_alert(payload, source)}: {_describe_non_object(payload)}.")
        outcome = read_alert_payload(payload, source, limits, notes)
    except InputError as error:
        outcome = build_failure(error, source, find_id(payload))
    return outcome


def find_id(payload: object) -> str | None:
    """The id of a payload that may be wrong in every other respect."""
    given = payload.get("alert_id") if isinstance(payload, Mapping) else None
    if isinstance(payload, JsonFault):
        given = payload.alert_id
    usable = (
        isinstance(given, str) and 0 < len(given) <= _MAX_ID and given == given.strip() and not find_untypable(given)
    )
    return given if usable else None


def _describe_non_object(payload: object) -> str:
    if isinstance(payload, JsonFault):
        return payload.sentence
    return f"an alert must be an object, not {name_json_type(payload)}"


def _name_alert(payload: object, source: str) -> str:
    alert_id = find_id(payload)
    return f"Alert {alert_id} ({source})" if alert_id else source


def _check_id(given: Any, source: str) -> str:
    if given is None or (isinstance(given, str) and not has_text(given)):
        raise AlertInvalid(f"{source}: {NO_ID}; give the field alert_id.")
    if not isinstance(given, str):
        raise AlertInvalid(f"{source}: alert_id must be text, not {name_json_type(given)}.")
    if odd := find_untypable(given):
        raise AlertInvalid(
            f"{source}: alert_id {show(given)} holds U+{ord(odd):04X}, which nobody can type; give a plain id."
        )
    if given != given.strip():
        raise AlertInvalid(f"{source}: alert_id {show(given)} begins or ends with a space.")
    if len(given) > _MAX_ID:
        raise AlertInvalid(f"{source}: alert_id {show(given)} is longer than {_MAX_ID} characters.")
    return given


def _read_subject(given: Any, where: str) -> tuple[Any, tuple[str, ...]]:
    """The subject's fields; None for a blank name, which is a usual alert whose subject the article must tell."""
    if not isinstance(given, Mapping):
        return given, ()
    subject = {key: value for key, value in given.items() if value is not None}
    name = subject.get("name")
    if name is None or (isinstance(name, str) and not has_text(name)):
        left = sorted(key for key, value in subject.items() if value and key not in ("name", "kind"))
        return None, (f"The subject has no name; left aside: {', '.join(left)}.",) if left else ()
    if isinstance(name, str):
        subject["name"] = name = name.strip()
    _check_date(subject.get("birth_date"), "subject.birth_date", where)
    scripts = find_mixed_scripts(name) if isinstance(name, str) else ()
    return subject, (f"subject name mixes {' and '.join(scripts)} letters",) if scripts else ()


def _read_article(fields: Mapping[str, Any], source: str, limits: IntakeLimits) -> tuple[Any, tuple[str, ...]]:
    """The article's fields with its text, taken from the page where it came as HTML."""
    alert_id, given = fields["alert_id"], fields.get("article")
    where = f"Alert {alert_id} ({source})"
    if given is not None and not isinstance(given, Mapping):
        raise AlertInvalid(f"{where}: article must be an object, not {name_json_type(given)}.")
    article: dict[str, Any] = {key: value for key, value in (given or {}).items() if value is not None}
    notes: tuple[str, ...] = ()
    html = article.pop("html", None)
    if html is not None:
        article, notes = fill_from_page(article, _read_page(article, html, where, limits))
    text = article.get("text")
    if text is None or (isinstance(text, str) and not has_text(text)):
        raise AlertInvalid(f"{source}: Alert {alert_id} has no text.")
    if isinstance(text, str):
        _check_size(len(text.encode("utf-8")), limits.max_article_bytes, "the article", where)
    published = article.get("published_at")
    if isinstance(published, str) and "T" in published:
        article["published_at"] = published = _cut_to_date(published)
    _check_date(published, "article.published_at", where)
    language = article.get("language")
    if isinstance(language, str) and (match := _LANGUAGE.fullmatch(language.strip())):
        article["language"] = match[1].lower()
    return article, notes


def _read_page(article: Mapping[str, Any], html: Any, where: str, limits: IntakeLimits) -> Webpage:
    if article.get("text") is not None:
        raise AlertInvalid(f"{where}: article has both text and html; give one of them.")
    if not isinstance(html, str):
        raise AlertInvalid(f"{where}: article.html must be text, not {name_json_type(html)}.")
    _check_size(len(html.encode("utf-8")), limits.max_alert_bytes, "article.html", where)
    return read_webpage(html, where, limits.max_page_tags)


def fill_from_page(article: Mapping[str, Any], page: Webpage) -> tuple[dict[str, Any], tuple[str, ...]]:
    """An article's fields with the page's text, and what the page states where the fields are silent; and a note."""
    stated = {
        "title": page.title and clip(page.title, 1_000),
        "source": page.site and clip(page.site, 200),
        "url": page.url if page.url and len(page.url) <= 2_000 else None,
        "published_at": page.published_at if page.published_at and is_partial_date(page.published_at) else None,
        "language": page.language if page.language and _LANGUAGE.fullmatch(page.language.strip()) else None,
    }
    filled = {key: value for key, value in stated.items() if value} | dict(article) | {"text": page.text}
    how = "no main article stood out, so all visible text was taken" if page.whole_page else "the main article"
    return filled, (f"The text was extracted from HTML: {how}.",)


def _check_size(size: int, limit: int, what: str, where: str) -> None:
    if size > limit:
        raise AlertTooLarge(f"{where}: {what} has {size:,} bytes; the limit is {limit:,} bytes.")


def is_partial_date(text: str) -> bool:
    """Whether the text is an ISO date, year and month or year that exists in the calendar."""
    match = _PARTIAL_DATE.fullmatch(text)
    if match is None:
        return False
    try:
        date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        return False
    return True


def _cut_to_date(text: str) -> str:
    """The day of an ISO date-time, as its own zone counts it; other text is left for the date check to name."""
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        return text


def _check_date(value: Any, field: str, where: str) -> None:
    if isinstance(value, str) and not is_partial_date(value):
        raise AlertInvalid(f"{where}: {field} {show(value)} is not an ISO date.")


def _check_moments(fields: Mapping[str, Any], where: str) -> None:
    """Numbers are refused: whether they mean seconds or milliseconds would be a guess."""
    for field in ("received_at", "due_at"):
        value = fields.get(field)
        if value is None:
            continue
        try:
            datetime.fromisoformat(value)
        except (TypeError, ValueError) as error:
            shown = show(value) if isinstance(value, str) else name_json_type(value)
            raise AlertInvalid(f"{where}: {field} {shown} is not an ISO date and time.") from error
