"""Passages and sentences of a text: the ids that claims cite, the same in every language and without any model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.domain.alert import Passage, Sentence

LONGEST_SENTENCE = 1_200
"""A run without a full stop is cut here, so that one endless line cannot stall a parser."""

_LINE = re.compile(r"[^\n\r\x0b\x0c\x85\u2028\u2029]+")
_BLANK_LINE = re.compile(r"(?:\r\n|[\n\r\x0b\x0c\x85\u2028\u2029])[^\S\n\r]*(?:\r\n|[\n\r\x0b\x0c\x85\u2028\u2029])")
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s+[\"'“‘«(\[¿¡–—-]*[A-ZÀ-ÞА-ЯЁ0-9¿¡])|[。！？]+[」』”’]*")
_ABBREVIATIONS = frozenset(
    """mr mrs ms dr prof st no nos inc ltd co corp jr sr vs etc lt col gen capt sgt maj rev hon sen rep gov
    messrs mt e.g i.e a.m p.m u.s u.k u.n d.c art al approx dept fig vol pp jan feb mar apr jun jul aug sep
    sept oct nov dec sra srta sr dra ud uds núm pág av exmo lic ing gral d.ª d dña m mme mlle me bd av env
    hr fr nr bzw z.b ca ggf str abs bspw dipl ing evtl usw exa sra drª eng г ул д кв стр им т.е т.д т.п руб
    млн млрд тыс св гр ст п ч""".split()
)


def segment_text(text: str) -> tuple[Passage, ...]:
    """Split a text into passages (paragraphs) and sentences with offsets into it; blank lines carry nothing."""
    passages = []
    for number, (start, end) in enumerate(_paragraphs(text), start=1):
        sentences = tuple(
            Sentence(id=f"p{number}.s{index}", start=a, end=b)
            for index, (a, b) in enumerate(_sentences(text, start, end), start=1)
        )
        passages.append(Passage(id=f"p{number}", start=start, end=end, sentences=sentences))
    return tuple(passages)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    lines = [span for match in _LINE.finditer(text) if (span := _trim(text, match.start(), match.end()))]
    if not _is_hard_wrapped(text, lines):
        yield from lines
        return
    current = lines[0]
    for line in lines[1:]:
        if _BLANK_LINE.search(text, current[1], line[0]):
            yield current
            current = line
        else:
            current = (current[0], line[1])
    yield current


def _is_hard_wrapped(text: str, lines: list[tuple[int, int]]) -> bool:
    """Lines of much the same length that mostly stop in mid-sentence were wrapped by a mailer, not by an author."""
    if len(lines) < 4 or not _BLANK_LINE.search(text):
        return False
    lengths = [end - start for start, end in lines]
    open_ended = sum(text[end - 1] not in ".!?…:\"'”’»)" for _, end in lines)
    return max(lengths) <= 100 and open_ended >= 0.5 * len(lines)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for match in _END.finditer(text, start, end):
        if _is_abbreviation(text, begin, match):
            continue
        yield from _cut(text, begin, match.end())
        begin = match.end()
    yield from _cut(text, begin, end)


def _is_abbreviation(text: str, begin: int, match: re.Match[str]) -> bool:
    if match.group() != ".":
        return False
    word = re.split(r"[\s(\[\"'“‘«]", text[max(begin, match.start() - 20) : match.start()])[-1]
    single_letter = len(word) == 1 and word.isalpha() and word.isupper()
    return single_letter or word.lower() in _ABBREVIATIONS or bool(re.fullmatch(r"(?:\w\.)+\w", word))


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while (span := _trim(text, start, end)) is not None:
        start, stop = span
        if stop - start > LONGEST_SENTENCE:
            space = text.rfind(" ", start + LONGEST_SENTENCE // 2, start + LONGEST_SENTENCE)
            stop = space if space > 0 else start + LONGEST_SENTENCE
        yield (start, stop)
        start = stop


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None
