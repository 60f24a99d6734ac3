"""Files, directories and standard input become alerts, told apart by suffix, ``--format`` or the first bytes."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final

from agent.errors import AlertInvalid, AlertTooLarge, InputError
from agent.intake.encoding import Utf8Input, decode_utf8, open_as_utf8, spool
from agent.intake.outcome import DEFAULT_LIMITS, IntakeLimits, IntakeOutcome, build_failure, show
from agent.intake.payload import NO_ID, fill_from_page, read_or_fail
from agent.intake.rows import read_json, read_jsonl
from agent.intake.table import find_delimiter, read_csv
from agent.intake.text_form import find_header_line, has_header, parse_text_form
from agent.intake.webpage import read_webpage

FORMATS: Final = MappingProxyType(
    {
        "text": (".txt",),
        "json": (".json",),
        "jsonl": (".jsonl", ".ndjson"),
        "csv": (".csv",),
        "html": (".html", ".htm"),
    }
)
"""Format → the suffixes that mean it."""
_BY_SUFFIX: Final = {suffix: name for name, suffixes in FORMATS.items() for suffix in suffixes}
_STDIN = "standard input"
_HEAD = 65_536


def read_alerts(
    sources: Sequence[Path | str],
    *,
    format: str | None = None,
    limits: IntakeLimits = DEFAULT_LIMITS,
    stdin: BinaryIO | None = None,
) -> Iterator[IntakeOutcome]:
    """Every alert of the sources, in order; what cannot be one is a `TriageFailure` with its file and line.

    A source is a file, a directory (its files at any depth, by name; hidden ones skipped) or ``-`` for ``stdin``.
    ``format`` is one of `FORMATS` and overrides suffixes. Rows are streamed; nothing raises for what was read.
    """
    for source in sources:
        if str(source) == "-":
            yield from _read_stdin(stdin, format, limits)
        elif os.path.isdir(source):  # unlike Path.is_dir it never raises; opening will say what is wrong
            yield from _read_directory(Path(source), format, limits)
        else:
            yield from _read_file(Path(source), format, limits)


def _read_directory(folder: Path, format: str | None, limits: IntakeLimits) -> Iterator[IntakeOutcome]:
    refused: list[OSError] = []
    paths: list[Path] = []
    for root, folders, names in os.walk(folder, onerror=refused.append):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths += [Path(root, name) for name in names if not name.startswith(".")]
    for error in refused:
        yield _fail_to_open(error, str(error.filename))
    if not paths and not refused:
        yield build_failure(AlertInvalid(f"{folder} holds no files: there is no alert in it."), str(folder))
    for path in sorted(paths):
        if path.is_fifo() or path.is_socket():  # reading one would wait for ever
            yield build_failure(AlertInvalid(f"{path} is not a regular file; name it alone to read it."), str(path))
        else:
            yield from _read_file(path, format, limits)


def _read_file(path: Path, format: str | None, limits: IntakeLimits) -> Iterator[IntakeOutcome]:
    source = str(path)
    try:
        chosen = _choose_format(path, format)
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            regular = stat.S_ISREG(status.st_mode)
            if regular:
                _check_size(status.st_size, chosen, source, limits)
            yield from _read_stream(stream if regular else spool(stream), chosen, source, limits)
    except OSError as error:
        yield _fail_to_open(error, source)
    except ValueError:  # a name with a NUL in it
        yield build_failure(AlertInvalid(f"{show(source)} is not a file name."), source)
    except InputError as error:
        yield build_failure(error, source)


def _read_stdin(stdin: BinaryIO | None, format: str | None, limits: IntakeLimits) -> Iterator[IntakeOutcome]:
    try:
        if format is not None:
            _check_format(format, _STDIN)
        yield from _read_stream(spool(stdin or sys.stdin.buffer), format, _STDIN, limits)
    except OSError as error:
        yield _fail_to_open(error, _STDIN)
    except InputError as error:
        yield build_failure(error, _STDIN)


def _read_stream(stream: BinaryIO, format: str | None, source: str, limits: IntakeLimits) -> Iterator[IntakeOutcome]:
    content = open_as_utf8(stream, source)
    chosen = format or _sniff_format(content, source, limits)
    if chosen == "jsonl":
        yield from read_jsonl(content, source, limits)
    elif chosen == "csv":
        yield from read_csv(content, source, limits)
    elif chosen == "json":
        yield from read_json(content, source, limits)
    else:
        _check_size(content.size, chosen, source, limits)
        yield _read_text(content, source, limits) if chosen == "text" else _read_html(content, source, limits)


def _read_text(content: Utf8Input, source: str, limits: IntakeLimits) -> IntakeOutcome:
    text, notes = _load_text(content, source)
    here = f"{source}:{find_header_line(text)}"
    try:
        alert = parse_text_form(text, source)
    except InputError as error:
        return build_failure(error, here)
    payload = {"alert_id": alert.alert_id, "subject": {"name": alert.name}, "article": {"text": alert.article}}
    return read_or_fail(payload, here, limits, notes)


def _read_html(content: Utf8Input, source: str, limits: IntakeLimits) -> IntakeOutcome:
    html, notes = _load_text(content, source)
    if not html.strip():
        raise AlertInvalid(f"{source} is empty: there is no alert in it.")
    page = read_webpage(html, source, limits.max_page_tags)
    if not page.alert_id:
        raise AlertInvalid(f'{source}: {NO_ID}; add <meta name="alert-id" content="…"> to the page.')
    article, page_notes = fill_from_page({}, page)
    payload = {"alert_id": page.alert_id, "subject": {"name": page.subject_name}, "article": article}
    return read_or_fail(payload, source, limits, notes + page_notes)


def _load_text(content: Utf8Input, source: str) -> tuple[str, tuple[str, ...]]:
    content.stream.seek(content.start)
    text, damage = decode_utf8(content.stream.read(), source, content.start)
    return text, content.notes + damage


def _choose_format(path: Path, format: str | None) -> str:
    if format is not None:
        return _check_format(format, str(path))
    chosen = _BY_SUFFIX.get(path.suffix.lower())
    if chosen is None:
        raise AlertInvalid(
            f"{path}: the suffix {show(path.suffix)} tells no format; known are {', '.join(_BY_SUFFIX)}. "
            "Rename the file or say --format."
        )
    return chosen


def _check_format(format: str, source: str) -> str:
    if format not in FORMATS:
        raise AlertInvalid(f"{source}: {show(format)} is not a format; --format takes {', '.join(FORMATS)}.")
    return format


def _check_size(size: int, format: str, source: str, limits: IntakeLimits) -> None:
    """Files of one alert are refused by their size, before a byte is decoded; rows are bounded one by one."""
    if format in ("text", "html") and size > limits.max_alert_bytes:
        raise AlertTooLarge(f"{source} has {size:,} bytes; {limits.describe_alert_limit()}.")
    if format == "json" and size > max(limits.max_array_bytes, limits.max_alert_bytes):
        raise AlertTooLarge(
            f"{source} has {size:,} bytes; the limit for JSON is {limits.max_array_bytes:,}. "
            "Write the alerts as JSONL, one a line."
        )


def _sniff_format(content: Utf8Input, source: str, limits: IntakeLimits) -> str:
    """The format of a stream without a name, from how it begins."""
    content.stream.seek(content.start)
    head = content.stream.read(_HEAD).decode("utf-8", "replace").lstrip()
    if not head:
        raise AlertInvalid(f"{source} is empty: there is no alert in it.")
    if head[0] == "[":
        return "json"
    if head[0] == "{":
        content.stream.seek(content.start)
        lines = iter(lambda: content.stream.readline(limits.max_alert_bytes + 1), b"")
        first = next(line for line in lines if line.strip())
        # A row of JSONL is closed on its own line; an object spread over lines is not.
        return "jsonl" if first.rstrip().endswith(b"}") else "json"
    if head[0] == "<":
        return "html"
    if has_header(head):
        return "text"
    if find_delimiter(head.splitlines()[0]):
        return "csv"
    raise AlertInvalid(f"{source}: what it holds does not show its format; say --format {'|'.join(FORMATS)}.")


def _fail_to_open(error: OSError, source: str) -> IntakeOutcome:
    reason = error.strerror or type(error).__name__
    return build_failure(AlertInvalid(f"{source} could not be read: {reason}."), source)
