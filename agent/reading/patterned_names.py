"""Names in an article of a language read by patterns: capitalised words in a row, as far as they can be relied on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent.domain.alert import Sentence
from agent.domain.reading import Cue
from agent.domain.taxonomy import PartyKind
from agent.reading.lexicon import Lexicon
from agent.reading.lexicon_file import fold_case
from agent.reading.parts import NameSpan, Span

_TOKEN: Final = re.compile(r"[^\W\d_](?:[\w&]|['’.-](?=\w))*\.?")
_ELISION: Final = re.compile(r"(?:[dlnsmjcDLNS]|[Qq]u)['’](?=[^\W\d_])")
_JOINT: Final = re.compile(r"[ \u00a0\u202f\n]{1,2}|(?<=-)")
_QUOTE_OR_COLON: Final = re.compile(r"[«“„\"':¿¡(–—-]\s*$")
_SHORTEST_SURNAME: Final = 3
_LONGEST_NAME: Final = 7
_NOUN_ENDINGS: Final = re.compile(
    r"\w+(?:ung|ungen|heit|keit|schaft|tion|tionen|tät|ismus|verfahren|prozess|anklage|urteil|haft|jahre|monate|"
    r"wesen|handel|kriminalität|steuer|betrug|million|millionen|euro)|haft|jahren?|monaten?|jährigen?"
)
_TWO_SURNAMES: Final = frozenset(("es", "pt"))
_OF_AN_OFFICE: Final = frozenset(("de", "del", "do", "da", "dos", "das"))
_ARTICLE_PARTICLES: Final = frozenset(("der", "den", "la", "las", "los", "le"))
_GERMAN_ARTICLES: Final = frozenset(
    ("der", "die", "das", "des", "dem", "den", "ein", "eine", "einer", "eines", "einem", "einen"),
)
_BEFORE_CALLING: Final = re.compile(
    r"der|die|den|dem|des|ein(?:e[nmrs]?)?|(?:sein|ihr|dess|der)(?:e[nmrs]?)?|"
    r"(?:früher|ehemalig|damalig|heutig|langjährig|mitangeklagt|angeklagt|mitbeschuldigt|beschuldigt|verurteilt|"
    r"mutmaßlich|mutmasslich|flüchtig|inhaftiert|prominent|bekannt|vermögend|zuständig|leitend|\d+-jährig)e[nmrs]?"
)
"""Words between which and a full name stands what the person is: "der frühere Bankier X Y"."""


@dataclass(frozen=True, slots=True)
class FoundName:
    """A name with what the patterns need to know of it beyond its span."""

    span: NameSpan
    nominative: bool | None = None
    """Whether it is written in the nominative, in a language that inflects names; None when nothing tells."""


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    text: str


def find_capitalised_names(
    text: str,
    sentences: Sequence[Sentence],
    cues: Mapping[str, Sequence[Cue]],
    lexicon: Lexicon,
    known_names: Sequence[str] = (),
) -> list[FoundName]:
    """Names of a text in reading order: the known ones wherever they stand, full names, then repeated surnames.

    A word that begins or ends a cue (``cues`` by sentence id) is no part of a name.
    """
    known = _known_pattern(known_names)
    taken: list[NameSpan] = []
    runs: list[NameSpan] = []
    for sentence in sentences:
        own = [
            NameSpan(
                match.start(),
                match.end(),
                sentence.id,
                " ".join(match.group().split()),
                _kind_of(match.group(), lexicon),
            )
            for match in (known.finditer(text, sentence.start, sentence.end) if known else ())
        ]
        taken += own
        for span in _full_names(text, sentence, cues.get(sentence.id, ()), lexicon):
            if not _overlaps(span, own):
                runs.append(span)
    runs = _without_leading_strangers(text, runs, lexicon)
    surnames = _surnames([*runs, *taken], known_names, lexicon)
    placed = sorted([*taken, *runs], key=lambda span: span.start)
    by_sentence: dict[str, list[NameSpan]] = {}
    for span in placed:
        by_sentence.setdefault(span.sentence, []).append(span)
    for sentence in sentences:
        own = by_sentence.get(sentence.id, [])
        placed += [span for span in _repeats(text, sentence, surnames, lexicon) if not _overlaps(span, own)]
    return [FoundName(span) for span in sorted(placed, key=lambda span: (span.start, span.end))]


def _kind_of(name: str, lexicon: Lexicon) -> PartyKind:
    """An organisation where a word of the name says so."""
    said = any(lexicon.organisation_words.fullmatch(fold_case(word)) for word in name.split())
    return PartyKind.ORGANISATION if said else PartyKind.UNKNOWN


def _known_pattern(known_names: Sequence[str]) -> re.Pattern[str] | None:
    sources = [r"\s+".join(map(re.escape, name.split())) for name in known_names if len(name.split()) > 1]
    if not sources:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(sources, key=len, reverse=True))})(?!-?\w)", re.IGNORECASE)


def _overlaps(span: NameSpan, others: Sequence[NameSpan]) -> bool:
    return any(span.start < other.end and other.start < span.end for other in others)


def _full_names(text: str, sentence: Sentence, cues: Sequence[Cue], lexicon: Lexicon) -> Iterator[NameSpan]:
    for run in _capitalised_runs(text, sentence, cues, lexicon):
        name = _make_name(text, sentence, run, lexicon)
        if name is not None:
            yield name


def _tokens(text: str, sentence: Sentence) -> list[_Token]:
    tokens = []
    for match in _TOKEN.finditer(text, sentence.start, sentence.end):
        start, end, word = match.start(), match.end(), match.group()
        elision = _ELISION.match(word)
        if elision is not None and (word[0].islower() or start == sentence.start):
            tokens.append(_Token(start, start + elision.end(), elision.group()))
            start, word = start + elision.end(), word[elision.end() :]
        if word.endswith(".") and not (len(word) <= 3 or "." in word[:-1]):
            end, word = end - 1, word[:-1]
        tokens.append(_Token(start, end, word))
    return tokens


def _capitalised_runs(text: str, sentence: Sentence, cues: Sequence[Cue], lexicon: Lexicon) -> Iterator[list[_Token]]:
    """Capitalised words in a row, with the particles between them."""
    # The edges alone: a cue such as "nahm … fest" may hold a name between its parts.
    edges = [edge for cue in cues for edge in (cue.start, cue.end - 1)]
    run: list[_Token] = []
    for token in _tokens(text, sentence):
        joined = bool(run) and _JOINT.fullmatch(text, run[-1].end, token.start) is not None
        is_cue = any(token.start <= edge < token.end for edge in edges)
        if run and (not joined or _starts_organisation(run, token, lexicon)):
            yield _trim(run)
            run = []
        if not is_cue and (token.text[0].isupper() or (run and _is_particle(run[-1], token, lexicon))):
            run.append(token)
        elif run:
            yield _trim(run)
            run = []
    if run:
        yield _trim(run)


def _is_particle(previous: _Token, token: _Token, lexicon: Lexicon) -> bool:
    """Whether a small word belongs inside a name; an article (``de la``, ``von der``) only after another particle."""
    word = fold_case(token.text)
    return word in lexicon.particles and (word not in _ARTICLE_PARTICLES or previous.text[0].islower())


def _starts_organisation(run: Sequence[_Token], token: _Token, lexicon: Lexicon) -> bool:
    """``Juan Pérez del Banco X``: a full name, a particle, and a word that begins an organisation's name."""
    people = [part for part in run if part.text[0].isupper()]
    if run[-1].text[0].isupper() or len(people) < 2 or not lexicon.organisation_words.fullmatch(fold_case(token.text)):
        return False
    return not any(lexicon.organisation_words.fullmatch(fold_case(part.text)) for part in people)


def _trim(run: list[_Token]) -> list[_Token]:
    while run and not run[-1].text[0].isupper():
        run = run[:-1]
    return run


def _make_name(text: str, sentence: Sentence, run: list[_Token], lexicon: Lexicon) -> NameSpan | None:
    first = run[0].start if run else 0
    opening = bool(run) and (first == sentence.start or _QUOTE_OR_COLON.search(text, max(0, first - 3), first))
    while run and lexicon.openers.fullmatch(fold_case(run[0].text)) and (opening or len(run) > 1):
        run = run[1:]
    organisation = any(lexicon.organisation_words.fullmatch(fold_case(token.text)) for token in run)
    titled = False
    if not organisation:
        cut = max((i + 1 for i, token in enumerate(run) if _is_title(token, lexicon)), default=0)
        titled, run = cut > 0, run[cut:]
        if lexicon.language == "de" and sum(token.text[0].isupper() for token in run) > 2:
            before = text[max(sentence.start, run[0].start - 30) : run[0].start].split()
            if before and _BEFORE_CALLING.fullmatch(fold_case(before[-1])):
                titled, run = True, run[1:]
    while run and not run[0].text[0].isupper():
        run = run[1:]
    if not run or len(run) > _LONGEST_NAME:
        return None
    titled = titled or (not organisation and _follows_title(text, sentence, run[0].start, lexicon))
    if not _is_dependable(text, sentence, run, lexicon, organisation=organisation, titled=titled):
        return None
    kind = PartyKind.ORGANISATION if organisation else PartyKind.PERSON if titled else PartyKind.UNKNOWN
    start, end = run[0].start, run[-1].end
    if end == sentence.end and text[end - 1] == "." and run[-1].text.count(".") == 1 and len(run[-1].text) > 2:
        end -= 1
    return NameSpan(start, end, sentence.id, " ".join(text[start:end].split()), kind)


def _is_title(token: _Token, lexicon: Lexicon) -> bool:
    return _names_title(token.text, lexicon)


def _names_title(word: str, lexicon: Lexicon) -> bool:
    """Whether the word is a title; German ones are nouns: ``verdächtige`` is an adjective, ``Verdächtige`` is none."""
    is_noun = lexicon.language != "de" or word[:1].isupper() or word.endswith(".")
    return is_noun and lexicon.titles.fullmatch(fold_case(word)) is not None


def _follows_title(text: str, sentence: Sentence, start: int, lexicon: Lexicon) -> bool:
    before = text[max(sentence.start, start - 40) : start].split()
    return bool(before) and _names_title(before[-1], lexicon)


def _is_dependable(
    text: str, sentence: Sentence, run: list[_Token], lexicon: Lexicon, *, organisation: bool, titled: bool
) -> bool:
    folded = fold_case(" ".join(token.text for token in run))
    if lexicon.not_names.search(folded) or all(fold_case(token.text) in lexicon.months for token in run):
        return False
    if len(run) == 1:
        return titled and len(run[0].text) >= _SHORTEST_SURNAME and not run[0].text.isupper()
    if all(token.text.isupper() and len(token.text) > 3 for token in run):
        return False
    before = text[max(sentence.start, run[0].start - 30) : run[0].start].split()
    word = fold_case(before[-1]) if before else ""
    if not titled and lexicon.locatives.fullmatch(word):
        return False
    if lexicon.language == "de" and not organisation:
        if any(_NOUN_ENDINGS.fullmatch(fold_case(token.text)) for token in run):
            return False
        return titled or word not in _GERMAN_ARTICLES
    return True


def _without_leading_strangers(text: str, runs: list[NameSpan], lexicon: Lexicon) -> list[NameSpan]:
    """``ministro de Hacienda Juan Pérez``: a run whose end is a full name elsewhere is cut to that name.

    Where people have two surnames, only after a preposition: "Juan Pérez Gil" may be "Pérez Gil" the next time.
    """
    seen = Counter(span.name for span in runs)
    kept = []
    for span in runs:
        words = span.name.split(" ")
        tails = (
            [" ".join(words[i:]) for i in range(1, len(words) - 1)] if span.kind is not PartyKind.ORGANISATION else []
        )
        if lexicon.language in _TWO_SURNAMES:
            before = text[max(0, span.start - 12) : span.start].split()
            tails = tails if before and fold_case(before[-1]) in _OF_AN_OFFICE else tails[:0]
        tail = next((tail for tail in tails if seen[tail]), None)
        if tail is not None and text[span.end - len(tail) : span.end] == tail:
            span = NameSpan(span.end - len(tail), span.end, span.sentence, tail, span.kind)
        kept.append(span)
    return kept


def _surnames(spans: Sequence[NameSpan], known_names: Sequence[str], lexicon: Lexicon) -> frozenset[str]:
    """The words of full names after the first that a text may use alone."""
    names = [span.name for span in spans if span.kind is not PartyKind.ORGANISATION] + list(known_names)
    return frozenset(
        word
        for name in names
        for word in name.split(" ")[1:]
        if len(word) >= _SHORTEST_SURNAME and word[0].isupper() and fold_case(word) not in lexicon.particles
    )


def _repeats(text: str, sentence: Sentence, surnames: frozenset[str], lexicon: Lexicon) -> Iterator[NameSpan]:
    previous = ""
    for token in _tokens(text, sentence):
        article = lexicon.language == "de" and fold_case(previous) in _GERMAN_ARTICLES
        if token.text in surnames and not article and not _is_title(token, lexicon):
            yield NameSpan(token.start, token.end, sentence.id, token.text, PartyKind.UNKNOWN)
        previous = token.text


def span_of(name: FoundName) -> Span:
    """Start and end of a found name."""
    return name.span.start, name.span.end
