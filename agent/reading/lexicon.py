"""A language's words for offences, legal stages and counter-evidence, and where an article uses them.

One YAML file a language stands in ``lexicon/``. Every entry is a regular expression over folded text (plain quotes,
dashes and spaces as ``agent.domain.folding`` makes them, lower case, ``ё`` as ``е``), matched at word bounds; capitals
in an entry mean nothing. Keys, all optional but the first:

- ``language``: the file's own name. ``offences``, ``stages``, ``counter_evidence``: value of the enum → entries.
  Clearing stages count as counter-evidence of their kind by themselves.
- ``in_absentia``, ``final``: flags of a sentence. ``not_adverse``: a cue that lies inside such a stretch is dropped.
- ``negation``: words that negate a cue up to ``WINDOW`` words later in the same clause; ``negation_after``: the same,
  up to ``WINDOW`` words before; ``negation_stops``: words (and, but) that a negation does not reach across.
- ``speakers``: lawyer, spokesperson, family, party, court, government, organisation → entries. ``roles``: Role → nouns
  that stand beside a name.
- ``patterns``: ``accused`` and ``victim`` → entries with ``{name}`` (one or more names in a row), ``{subject}`` (the
  same, not hanging on a ``genitives`` word, in "lawyer of X was convicted" X is no subject; in the nominative where
  names inflect) or ``{object}`` (not in the nominative); ``{gap}`` is an optional apposition or bracket.
- ``conjunctions`` (between names in a row), ``genitives``, ``organisation_words``, ``titles`` (before a person's name),
  ``openers`` (capitalised only because a sentence starts), ``not_names`` (places, institutions), ``locatives`` (what
  follows is a place), ``particles`` (small words inside names), ``ages`` (with a group ``age``), ``months``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from agent.domain.alert import Sentence
from agent.domain.folding import FoldedText, fold_text
from agent.domain.reading import Cue, CueKind
from agent.domain.taxonomy import CounterEvidenceKind, Offence, Role, Stage
from agent.reading.lexicon_file import LexiconFile, Words, compile_starts, fold_case

WINDOW: Final = 4
"""Words that may stand between a negation and the cue it negates."""
SPEAKERS: Final = ("lawyer", "spokesperson", "family", "party", "court", "government", "organisation")
INTERESTED_SPEAKERS: Final = frozenset({"lawyer", "spokesperson", "family", "party"})
"""Speakers on the party's own side."""

_FOLDER: Final = Path(__file__).parent / "lexicon"
LANGUAGES: Final = frozenset(path.stem for path in _FOLDER.glob("*.yaml"))
"""Codes of the languages that have a lexicon."""

_ALTERNATIONS: Final = (
    *("in_absentia", "final", "negation", "negation_after", "negation_stops", "not_adverse", "genitives"),
    *("organisation_words", "titles", "openers", "not_names", "locatives"),
)
_KEYS: Final = frozenset(
    {"language", "offences", "stages", "counter_evidence", "speakers", "roles", "patterns", "conjunctions", "particles"}
    | {"ages", "months", *_ALTERNATIONS}
)
_IMPLIED: Final = {
    CounterEvidenceKind.ACQUITTAL: Stage.ACQUITTED,
    CounterEvidenceKind.DISMISSAL: Stage.DISMISSED,
    CounterEvidenceKind.OVERTURNED: Stage.OVERTURNED,
}
_LONGEST_REACH: Final = 80
_CLAUSE_END: Final = re.compile(r"[,;:.!?]| - ")
_WORD: Final = re.compile(r"[\w'-]+")

_Found = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's compiled words; a category without entries has a regex that matches nothing."""

    language: str
    offences: Mapping[Offence, Words]
    stages: Mapping[Stage, Words]
    counter_evidence: Mapping[CounterEvidenceKind, Words]
    starts: Mapping[CueKind, Words]
    """Where any cue of a kind starts: one pass over the text instead of one for each value."""
    in_absentia: Words
    final: Words
    negation: Words
    negation_after: Words
    negation_stops: Words
    not_adverse: Words
    speakers: Mapping[str, Words]
    roles: Mapping[Role, Words]
    accused: tuple[Words, ...]
    """Patterns; a match has the names in its group ``name``, ``subject`` or ``object``."""
    victims: tuple[Words, ...]
    genitives: Words
    organisation_words: Words
    titles: Words
    openers: Words
    not_names: Words
    locatives: Words
    ages: tuple[Words, ...]
    """A match has the number in its group ``age``."""
    particles: frozenset[str]
    months: Mapping[str, int]


@lru_cache(maxsize=16)
def load_lexicon(language: str) -> Lexicon | None:
    """The lexicon of an ISO 639-1 code, or None when there is none; ConfigError when its file is wrong."""
    return read_lexicon(_FOLDER / f"{language}.yaml") if language in LANGUAGES else None


def read_lexicon(path: Path) -> Lexicon:
    """Read and compile one lexicon file; ConfigError names the file and the key at fault."""
    file = LexiconFile(path, _KEYS)
    stages, patterns = file.table("stages"), file.table("patterns")
    if Stage.UNDETERMINED in stages:
        raise file.complaint("has no words of its own", "stages.undetermined")
    if set(patterns) - {"accused", "victim"}:
        raise file.complaint("may hold accused and victim only", "patterns")

    lists = {key: file.alternation(key, file.content.get(key)) for key in _ALTERNATIONS}
    offences = file.keyed("offences", file.table("offences"), Offence)
    compiled = file.keyed("stages", stages, Stage)
    counters = file.keyed("counter_evidence", _with_clearing_stages(file), CounterEvidenceKind)
    return Lexicon(
        language=path.stem,
        offences=MappingProxyType(offences),
        stages=MappingProxyType(compiled),
        counter_evidence=MappingProxyType(counters),
        starts=MappingProxyType(
            {
                CueKind.OFFENCE: compile_starts(offences.values()),
                CueKind.STAGE: compile_starts(compiled.values()),
                CueKind.COUNTER_EVIDENCE: compile_starts(counters.values()),
            }
        ),
        speakers=MappingProxyType(file.keyed("speakers", file.table("speakers"), _read_speaker)),
        roles=MappingProxyType(file.keyed("roles", file.table("roles"), Role)),
        accused=file.patterns("patterns.accused", patterns.get("accused")),
        victims=file.patterns("patterns.victim", patterns.get("victim")),
        particles=frozenset(fold_case(word) for word in file.entries("particles", file.content.get("particles"))),
        ages=tuple(file.alternation("ages", [entry]) for entry in file.entries("ages", file.content.get("ages"))),
        months=MappingProxyType(file.months()),
        **lists,
    )


def find_cues(text: str, sentences: Sequence[Sentence], lexicon: Lexicon) -> tuple[Cue, ...]:
    """Every cue of the article in order, with offsets in ``text``.

    Inside a kind the longest match wins; equal stretches may carry two values. A cue that lies inside a ``not_adverse``
    stretch, outside every sentence, or across two is left out.
    """
    folded = fold_text(text)
    words_in = fold_case(folded.text)
    harmless = [match.span() for match in lexicon.not_adverse.finditer(words_in)]
    negations = _Negations(folded, words_in, lexicon)
    starts = [sentence.start for sentence in sentences]
    cues: list[Cue] = []
    tables: tuple[tuple[CueKind, Mapping[Any, Words]], ...] = (
        (CueKind.OFFENCE, lexicon.offences),
        (CueKind.STAGE, lexicon.stages),
        (CueKind.COUNTER_EVIDENCE, lexicon.counter_evidence),
    )
    for kind, table in tables:
        found = [
            (*match.span(), str(value))
            for place in lexicon.starts[kind].finditer(words_in)
            for value, words in table.items()
            if (match := words.match(words_in, place.start()))
        ]
        for start, end, value in _keep_longest(_outside(found, harmless)):
            span = folded.span(start, end)
            index = bisect_right(starts, span[0]) - 1 if span is not None else -1
            if span is None or index < 0 or span[1] > sentences[index].end:
                continue
            negated = negations.reach(start, end, sentences[index])
            cues.append(
                Cue(kind=kind, value=value, start=span[0], end=span[1], sentence=sentences[index].id, negated=negated)
            )
    return tuple(sorted(cues, key=lambda cue: (cue.start, cue.end, cue.kind, cue.value)))


class _Negations:
    """The negations of a text, and which stretches they reach; positions are the folded text's."""

    def __init__(self, folded: FoldedText, text: str, lexicon: Lexicon) -> None:
        self.folded = folded
        self.text = text
        self.stops = lexicon.negation_stops
        self.before = [match.span() for match in lexicon.negation.finditer(text)]
        self.before_ends = [end for _, end in self.before]
        self.after = [match.span() for match in lexicon.negation_after.finditer(text)]
        self.after_starts = [start for start, _ in self.after]

    def reach(self, start: int, end: int, sentence: Sentence) -> bool:
        """Whether a negation of the same sentence reaches the stretch ``start:end``."""
        before = bisect_right(self.before_ends, start) - 1
        if before >= 0:
            first, last = self.before[before]
            if first >= self.folded.position(sentence.start) and self._joined(last, start):
                return True
        after = bisect_right(self.after_starts, end - 1)
        if after == len(self.after):
            return False
        first, last = self.after[after]
        return last <= self.folded.position(sentence.end) and self._joined(end, first)

    def _joined(self, start: int, end: int) -> bool:
        if end - start > _LONGEST_REACH:
            return False
        between = self.text[start:end]
        if _CLAUSE_END.search(between) or self.stops.search(between):
            return False
        return len(_WORD.findall(between)) <= WINDOW


def _outside(found: Iterable[_Found], harmless: Sequence[tuple[int, int]]) -> list[_Found]:
    """The matches that no harmless stretch contains; the stretches are in order and do not overlap."""
    starts = [start for start, _ in harmless]
    kept = []
    for start, end, value in found:
        index = bisect_right(starts, start) - 1
        if index < 0 or harmless[index][1] < end:
            kept.append((start, end, value))
    return kept


def _keep_longest(found: Iterable[_Found]) -> list[_Found]:
    """Of overlapping matches the longest (of equally long ones the first); one stretch may have several values."""
    kept: list[_Found] = []
    cluster: list[_Found] = []
    reach = -1
    for match in sorted(found):
        if cluster and match[0] >= reach:
            kept.extend(_longest_of(cluster))
            cluster = []
        cluster.append(match)
        reach = max(reach, match[1]) if len(cluster) > 1 else match[1]
    return sorted(kept + _longest_of(cluster))


def _longest_of(cluster: Sequence[_Found]) -> list[_Found]:
    taken: list[_Found] = []
    for start, end, value in sorted(cluster, key=lambda match: (match[0] - match[1], match)):
        if all(end <= other[0] or start >= other[1] or (start, end) == other[:2] for other in taken):
            taken.append((start, end, value))
    return taken


def _with_clearing_stages(file: LexiconFile) -> dict[str, object]:
    """Counter-evidence entries; a clearing stage's own entries are counter-evidence too."""
    table, stages = file.table("counter_evidence"), file.table("stages")
    for kind, stage in _IMPLIED.items():
        own = file.entries(f"counter_evidence.{kind}", table.get(kind))
        table[kind] = [*own, *file.entries(f"stages.{stage}", stages.get(stage))]
    return table


def _read_speaker(name: str) -> str:
    if name not in SPEAKERS:
        raise ValueError(f"{name!r} is not one of {', '.join(SPEAKERS)}")
    return name
