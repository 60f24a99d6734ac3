"""The text form of an alert: one header line ``Name: … Alert ID: …``, the article below."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.errors import AlertInvalid
from agent.intake.payload import NO_ID

_BREAK = "\n\r\u2028\u2029\x85"
_GAP = r"[^\S" + _BREAK + "]*"
_ID_LABEL = rf"alert[ _-]?{_GAP}id{_GAP}:"
_NAME_LABEL = rf"name{_GAP}:"
_HEADER = re.compile(
    rf"{_GAP}(?:{_NAME_LABEL}(?P<name>[^{_BREAK}]*?))?\b{_ID_LABEL}(?P<rest>[^{_BREAK}]*)", re.IGNORECASE
)
_NAME_AFTER = re.compile(rf"\s{_NAME_LABEL}(?P<name>.*)", re.IGNORECASE)
_LATER_HEADER = re.compile(rf"(?<=[{_BREAK}])(?={_GAP}(?:name{_GAP}:|alert)){_HEADER.pattern}", re.IGNORECASE)
_LINE = re.compile(rf"\r\n|[{_BREAK}]")


@dataclass(frozen=True)
class TextAlert:
    """The parts of a text form; a blank name is None, an article of nothing is empty."""

    alert_id: str
    name: str | None
    article: str


def has_header(text: str) -> bool:
    """Whether the first line that is not blank is a header."""
    return _HEADER.match(text.lstrip()) is not None


def parse_text_form(text: str, source: str) -> TextAlert:
    """Split header and article; the article keeps every character but the blank lines round it.

    Raises AlertInvalid, naming the line, when there is nothing, no id, or a second alert.
    """
    body = text.lstrip()
    if not body:
        raise AlertInvalid(f"{source} is empty: there is no alert in it.")
    start = len(text) - len(body)
    line = find_header_line(text)
    header = _HEADER.match(body)
    rest = header["rest"].strip() if header else ""
    name = (header["name"] or "") if header else ""
    if header and header["name"] is None and (after := _NAME_AFTER.search(f" {rest}")):
        rest, name = f" {rest}"[: after.start()].strip(), after["name"]
    if not header or not rest:
        raise AlertInvalid(f"{source}:{line}: {NO_ID}; the first line must read 'Name: … Alert ID: …'.")
    if later := _LATER_HEADER.search(body, header.end()):
        raise AlertInvalid(
            f"{source}:{_count_line(text, start + later.start())}: a second alert begins here; a text file holds one "
            "alert, so split the file before each 'Name: … Alert ID: …' line or use JSONL."
        )
    return TextAlert(rest, name.strip() or None, _cut_blank_lines(body[header.end() :]))


def find_header_line(text: str) -> int:
    """The number of the first line that is not blank, which must be the header."""
    return _count_line(text, len(text) - len(text.lstrip()))


def _cut_blank_lines(text: str) -> str:
    """The text from its first to its last line that is not blank, indentation and trailing spaces included."""
    if not text or text.isspace():
        return ""
    first = len(text) - len(text.lstrip())
    last = len(text.rstrip())
    start = max(text.rfind(char, 0, first) for char in _BREAK) + 1
    ends = [at for char in _BREAK if (at := text.find(char, last)) >= 0]
    return text[start : min(ends, default=len(text))]


def _count_line(text: str, position: int) -> int:
    return 1 + len(_LINE.findall(text, 0, position))
