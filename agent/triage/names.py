"""Whether two written names can be one party's, what the article itself calls a party, and where a text names it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz

from agent.domain.folding import fold_text
from agent.domain.reading import Reading, ReadParty
from agent.domain.summary import Party
from agent.domain.taxonomy import FeatureVerdict, PartyKind
from retrieval.names.comparison import SAME_NAME, NameComparison
from retrieval.names.comparison import compare_names as compare_parts

_TOKEN: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_CYRILLIC: Final = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i",
        "і": "i", "ї": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
        "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y",
        "ь": "", "э": "e", "ю": "iu", "я": "ia", "є": "ie", "ў": "u", "қ": "k", "ғ": "g", "ң": "n", "ө": "o", "ү": "u",
        "ұ": "u", "һ": "h", "ә": "a",
    }
)  # fmt: skip
_SCRIPTS: Final = re.compile(r"([a-z])|([Ѐ-ԯ])|([Ͱ-Ͽ])")
_SHORTEST_SURNAME: Final = 4
_SPELLING_VARIANT: Final = 90.0
"""Similarity (rapidfuzz, 0 to 100) from which two spellings of a full name count as variants."""
_BEST_FIRST: Final = (FeatureVerdict.SAME, FeatureVerdict.VARIANT, FeatureVerdict.UNKNOWN, FeatureVerdict.CONFLICT)
_SAME_WORDS: Final = 90.0
"""Similarity (rapidfuzz, 0 to 100) from which two occupations or employers count as the same."""


@lru_cache(maxsize=4096)
def name_tokens(name: str) -> tuple[str, ...]:
    """The comparable parts of a name: case, accents and possessives folded, Cyrillic in Latin letters.

    A word that mixes scripts is kept as written, so that a look-alike letter never makes two names equal.
    """
    return word_tokens(name)


def word_tokens(text: str) -> tuple[str, ...]:
    """The words of any text in the form of ``name_tokens``; nothing of the text is kept."""
    plain = unicodedata.normalize("NFKD", fold_text(text).text)
    plain = "".join(char for char in plain if not unicodedata.combining(char)).casefold()
    words = (re.sub(r"['’]s$", "", match.group()) for match in _TOKEN.finditer(plain))
    return tuple(word if word.isascii() or _is_mixed(word) else word.translate(_CYRILLIC) for word in words)


@lru_cache(maxsize=4096)
def mixes_scripts(name: str) -> bool:
    """Whether a word of the name holds Latin beside Cyrillic or Greek letters."""
    return not name.isascii() and any(map(_is_mixed, _TOKEN.findall(name)))


def _is_mixed(word: str) -> bool:
    return len({match.lastindex for match in _SCRIPTS.finditer(word.casefold())}) > 1


def compare_names(given: Iterable[str], stated: Iterable[str]) -> FeatureVerdict:
    """The best verdict over all pairs: same, variant (part of the other, or another spelling), conflict; unknown."""
    pairs = [(left, right) for left in given for right in stated]
    verdicts = {_compare_pair(left, right) for left, right in pairs}
    for verdict in _BEST_FIRST:
        if verdict in verdicts:
            return verdict
    return FeatureVerdict.UNKNOWN


@lru_cache(maxsize=4096)
def _compare_pair(left: str, right: str) -> FeatureVerdict:
    a, b = name_tokens(left), name_tokens(right)
    if not a or not b or mixes_scripts(left) or mixes_scripts(right):
        return FeatureVerdict.UNKNOWN
    if sorted(a) == sorted(b):
        return FeatureVerdict.SAME
    short, long = sorted((a, b), key=len)
    if set(short) <= set(long) and sum(map(len, short)) >= _SHORTEST_SURNAME:
        return FeatureVerdict.VARIANT
    if len(short) > 1 and fuzz.token_sort_ratio(" ".join(a), " ".join(b)) >= _SPELLING_VARIANT:
        return FeatureVerdict.VARIANT
    return FeatureVerdict.CONFLICT


def similar_words(left: str, right: str) -> bool:
    """Whether two occupations or employers are one: the words of the shorter stand in the longer."""
    return fuzz.token_set_ratio(" ".join(name_tokens(left)), " ".join(name_tokens(right))) >= _SAME_WORDS


def as_written(party: ReadParty, text: str) -> ReadParty:
    """The party under the names that the article itself uses, the fullest first.

    The reader calls a party that answers to the alert's subject by the subject's name, whatever the article writes;
    compared with the subject, that name would prove itself.
    """
    spans = [text[mention.start : mention.end] for mention in party.mentions if mention.by_name]
    full = [span for span in dict.fromkeys(spans) if len(name_tokens(span)) > 1]
    literal = any(name_tokens(span) == name_tokens(party.name) for span in spans)
    full_aliases = [alias for alias in party.aliases if len(name_tokens(alias)) > 1]
    # A full name in the text and none among the aliases: the reader's own base form of an inflected name.
    if not spans or literal or (full and not full_aliases):
        return party
    names = sorted(dict.fromkeys((*party.aliases, *full)), key=lambda name: -len(name_tokens(name)))
    if not names:
        return party
    return party.model_copy(update={"name": names[0], "aliases": tuple(names[1:50])})


def compare_best(given: Sequence[str], stated: Sequence[str], kind: PartyKind = PartyKind.PERSON) -> NameComparison:
    """The comparison, part by part and across scripts, of the pair of names that meet best.

    Whoever has a full name is not met by a bare surname: the Ostner of Rolf Ostner is no Emil Ostner.
    """
    pairs = [compare_parts(one, other, kind) for one, other in _pair_names(given, stated, kind)]
    if not pairs:
        return NameComparison(score=0.0, verdict=FeatureVerdict.UNKNOWN, parts=())
    return min(pairs, key=lambda pair: (_BEST_FIRST.index(pair.verdict), -pair.score))


def _pair_names(given: Sequence[str], stated: Sequence[str], kind: PartyKind) -> Iterator[tuple[str, str]]:
    full_given, full_stated = any(map(_is_full, given)), any(map(_is_full, stated))
    for one in given:
        for other in stated:
            lone_given, lone_stated = not _is_full(one), not _is_full(other)
            # A firm has one-word names of its own: its short form, its letters.
            both_short = lone_given and lone_stated and kind is PartyKind.ORGANISATION
            if both_short or not ((lone_given and full_given and not lone_stated) or (lone_stated and full_stated)):
                yield one, other


def _is_full(name: str) -> bool:
    return len(name_tokens(name)) > 1


def names_meet(comparison: NameComparison, *, surely: bool = False) -> bool:
    """Whether two names can be one; ``surely`` leaves out an initial, a bare surname and a distant spelling."""
    met = comparison.verdict in (FeatureVerdict.SAME, FeatureVerdict.VARIANT)
    return met and (comparison.score >= SAME_NAME or not surely)


def kind_of(*kinds: PartyKind) -> PartyKind:
    """By which rules names are compared: a firm's only where nothing says that it is a person's."""
    if PartyKind.PERSON in kinds or PartyKind.ORGANISATION not in kinds:
        return PartyKind.PERSON
    return PartyKind.ORGANISATION


def match_read_parties(party: Party, reading: Reading) -> tuple[ReadParty, ...]:
    """The reader's parties that a drafted party can be: those of the same name, else those of a variant of it.

    More than one means that the name does not tell them apart.
    """
    names = (party.name, *party.aliases)
    verdicts = [(compare_names(names, (read.name, *read.aliases)), read) for read in reading.parties]
    same = tuple(read for verdict, read in verdicts if verdict is FeatureVerdict.SAME)
    return same or tuple(read for verdict, read in verdicts if verdict is FeatureVerdict.VARIANT)


def names_party(words: Sequence[str], names: Iterable[str], *, last_name: bool = False) -> bool:
    """Whether a text (its ``word_tokens``) holds a name in full, or with ``last_name`` only its last word."""
    for name in names:
        tokens = name_tokens(name)
        if tokens and any(tuple(words[at : at + len(tokens)]) == tokens for at in range(len(words) - len(tokens) + 1)):
            return True
        if last_name and tokens and len(tokens[-1]) >= _SHORTEST_SURNAME and tokens[-1] in words:
            return True
    return False
