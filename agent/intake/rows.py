"""Inputs that hold many alerts: a JSON list, JSONL and CSV. One bad row never stops the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agent.errors import AlertInvalid, AlertTooLarge, InputError
from agent.intake.encoding import Utf8Input, decode_utf8
from agent.intake.outcome import IntakeLimits, IntakeOutcome, build_failure
from agent.intake.payload import read_or_fail
from agent.intake.strict_json import parse_json

_ID_IN_BROKEN_JSON = re.compile(r'"alert_id"\s*:\s*"([A-Za-z0-9_./:#-]{1,128})"')
"""Quotes inside JSON text are escaped, so this finds a key, even in a row that was cut off."""


def read_json(content: Utf8Input, source: str, limits: IntakeLimits) -> Iterator[IntakeOutcome]:
    """One alert object, or a list of them; a list is read at once, up to ``max_array_bytes``."""
    try:
        value, notes = _load_json(content, source, limits)
    except InputError as error:
        yield build_failure(error, source)
        return
    if not isinstance(value, list):
        yield read_or_fail(value, source, limits, notes)
        return
    if not value:
        yield build_failure(AlertInvalid(f"{source} is an empty list: there is no alert in it."), source)
    for index, payload in enumerate(value):
        yield read_or_fail(payload, f"{source}[{index}]", limits, notes)


def read_jsonl(content: Utf8Input, source: str, limits: IntakeLimits) -> Iterator[IntakeOutcome]:
    """One alert object a line; blank lines are skipped, a line over the limit is refused without being held."""
    empty = True
    for number, offset, raw, size in _iterate_lines(content, limits.max_alert_bytes):
        here = f"{source}:{number}"
        if size > limits.max_alert_bytes:
            refusal = f"{here}: the line has {size:,} bytes; {limits.describe_alert_limit()}."
            yield build_failure(AlertTooLarge(refusal), here, _find_id_in(raw))
        elif raw.strip():
            yield _read_line(raw, here, offset, content.notes, limits)
        else:
            continue
        empty = False
    if empty:
        yield build_failure(AlertInvalid(f"{source} is empty: there is no alert in it."), source)


def _load_json(content: Utf8Input, source: str, limits: IntakeLimits) -> tuple[Any, tuple[str, ...]]:
    stream = content.stream
    stream.seek(content.start)
    is_list = stream.read(4_096).lstrip().startswith(b"[")
    size = content.size - content.start
    if is_list and size > limits.max_array_bytes:
        raise AlertTooLarge(
            f"{source}: a JSON list is read at once and has {size:,} bytes; the limit is {limits.max_array_bytes:,} "
            "bytes. Write the alerts as JSONL, one a line."
        )
    if not is_list and size > limits.max_alert_bytes:
        raise AlertTooLarge(f"{source} has {size:,} bytes; {limits.describe_alert_limit()}.")
    stream.seek(content.start)
    text, notes = decode_utf8(stream.read(), source, content.start)
    if not text.strip():
        raise AlertInvalid(f"{source} is empty: there is no alert in it.")
    return parse_json(text, source, first_line=1), content.notes + notes


def _read_line(raw: bytes, here: str, offset: int, notes: tuple[str, ...], limits: IntakeLimits) -> IntakeOutcome:
    try:
        text, damage = decode_utf8(raw, here, offset)
        payload = parse_json(text.strip(), here)
    except InputError as error:
        return build_failure(error, here, _find_id_in(raw))
    return read_or_fail(payload, here, limits, notes + damage)


def _iterate_lines(content: Utf8Input, limit: int) -> Iterator[tuple[int, int, bytes, int]]:
    """Line number, byte offset, bytes (at most ``limit`` + 1 of them) and full size, line end included."""
    stream, offset, number = content.stream, content.start, 0
    stream.seek(offset)
    while raw := stream.readline(limit + 1):
        number += 1
        size, tail = len(raw), raw
        while not tail.endswith(b"\n") and (tail := stream.readline(1 << 20)):
            size += len(tail)
        yield number, offset, raw, size
        offset += size


def _find_id_in(raw: bytes) -> str | None:
    match = _ID_IN_BROKEN_JSON.search(raw[:100_000].decode("utf-8", "replace"))
    return match[1] if match else None
