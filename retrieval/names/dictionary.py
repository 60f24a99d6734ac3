"""Which stretches of a text are known names: one sorted array of hashes on disk, looked up for every run of words.

A name's key is the sum of its words' hashes, so that it is the same in any order and, for all runs of a text at once, a
difference of running sums. Nothing is built in the process that asks, and the array stays on disk until pages of it are
wanted. Names of one word are left out: half of them are words of the language.

A name is also kept by its consonants, which a Russian text has in every case of it (``Ореста Выдумова``).
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rigour._core import maybe_ascii

from agent.domain.reference import Profile
from agent.domain.taxonomy import PartyKind
from retrieval.names.transliteration import latinise, reduce_consonants

Keys = NDArray[np.uint64]

KEYS_FILE: Final = "keys.npy"
OWNERS_FILE: Final = "key_owners.npy"
"""Hash of the profile id behind every key: only an update reads it."""

_UNSPACED: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_WORD: Final = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+(?:['’ʼ`][^\\W_{_UNSPACED}]+)*")
_POSSESSIVE: Final = re.compile("['’]s$", re.IGNORECASE)
_APOSTROPHES: Final = re.compile("['’ʼ`]")
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")
_JOINT: Final = re.compile(r"[ \t\u00a0\-‐‑·・&]*\n?[ \t]*")
_ABBREVIATION: Final = re.compile(r"\.[ \t\u00a0\-]*")
_LONGEST_ABBREVIATION: Final = 3
_CASE_ENDING: Final = re.compile("(?<=...)(?:ого|его|ому|ему|ым|им|ом|ем|ых|их)$")
"""Endings of Russian cases that have a consonant; the others go with the vowels."""
_WORDS: Final = range(2, 7)
_SIGNS: Final = range(3, 13)
_LOOSE_WORDS: Final = range(2, 5)
_LOOSE_CONSONANTS: Final = 5
_SMALL_WORDS: Final = frozenset("the and of for de la du des a s l m mr mrs ms dr".split())
_COMMON_WORDS: Final = """
    ltd limited llc llp lp inc incorporated co corp corporation company plc gmbh ag kg sa sas sarl srl spa bv nv oy ab
    as jsc pjsc ojsc cjsc ooo oao zao pao ao tov too doo dd ad kft sro pte pty bhd fze fzco est
    international general trading group holding holdings bank national state ministry department office services
    industries enterprise enterprises foundation association organization organisation society committee council center
    centre kompaniya gruppa obschestvo
"""
_COMMON: Final = _SMALL_WORDS | frozenset(_COMMON_WORDS.split())


class DictionaryDraft:
    """Keys gathered while a build reads profiles; of an id that comes twice the later reading counts."""

    def __init__(self) -> None:
        self._keys, self._owners, self._readings = array("Q"), array("Q"), array("Q")
        self._changed: dict[int, int] = {}

    def add(self, profile_id: str, profile: Profile | None) -> bool:
        """Take down the names that a profile has now, None when it was removed; whether its id came before."""
        owner = _hash(profile_id)
        reading = self._changed[owner] = self._changed.get(owner, -1) + 1
        names = (profile.name, *profile.aliases, *profile.weak_aliases) if profile else ()
        kind = profile.kind if profile else PartyKind.UNKNOWN
        for key in sorted({key for name in names for key in name_keys(name, kind)}):
            self._keys.append(key)
            self._owners.append(owner)
            self._readings.append(reading)
        return reading > 0

    def write(self, folder: Path, base: Path | None) -> None:
        """The dictionary of ``base`` with the keys of the changed profiles in place of their old ones.

        Raises OSError or ValueError when that of ``base`` cannot be read.
        """
        keys, owners = (np.frombuffer(column, np.uint64) for column in (self._keys, self._owners))
        if any(self._changed.values()):
            latest = np.fromiter((self._changed[int(owner)] for owner in owners), np.uint64, len(owners))
            current = np.frombuffer(self._readings, np.uint64) == latest
            keys, owners = keys[current], owners[current]
        if base is not None:
            old_keys, old_owners = np.load(base / KEYS_FILE), np.load(base / OWNERS_FILE)
            kept = ~np.isin(old_owners, np.fromiter(self._changed, np.uint64, len(self._changed)))
            keys, owners = np.concatenate([old_keys[kept], keys]), np.concatenate([old_owners[kept], owners])
        order = np.lexsort((owners, keys))
        np.save(folder / KEYS_FILE, keys[order])
        np.save(folder / OWNERS_FILE, owners[order])


class NameDictionary:
    """The keys of all names, looked up for a text."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    @staticmethod
    def open(folder: Path) -> NameDictionary:
        """The dictionary of a build, left on disk; raises OSError or ValueError."""
        return NameDictionary(np.load(folder / KEYS_FILE, mmap_mode="r"))

    def detect(self, text: str) -> list[str]:
        """The known names in the text, as written there, each once, in order; of overlapping ones the longest."""
        words = _Words(text)
        found = [span for count, keys, starts in words.runs() for span in self._known(count, keys, starts)]
        taken: list[tuple[int, int]] = []
        for start, end in sorted(set(found), key=lambda span: (span[0] - span[1], span)):
            if all(end <= other_start or other_end <= start for other_start, other_end in taken):
                taken.append((start, end))
        return list(dict.fromkeys(words.written(start, end) for start, end in sorted(taken)))

    def _known(self, count: int, keys: Keys, starts: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
        if not len(self._keys) or not len(keys):
            return
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        for start in starts[self._keys[places] == keys]:
            yield int(start), int(start) + count


def name_keys(name: str, kind: PartyKind) -> Iterator[int]:
    """The keys under which a name stands in the dictionary; none for one word and for legal forms alone."""
    spoken = [word for match in _WORD.finditer(name) if (word := _fold(match.group()))]
    telling = [word for word in spoken if word not in _SMALL_WORDS]
    lengths = _SIGNS if any(map(_is_unspaced, spoken)) else _WORDS
    if len(spoken) not in lengths or len(telling) < _WORDS.start or all(word in _COMMON for word in telling):
        return
    yield sum(map(_hash, spoken)) % 2**64
    consonants = [reduced for word in spoken if (reduced := _consonants(word))]
    enough = sum(map(len, consonants)) >= _LOOSE_CONSONANTS and len(consonants) == len(spoken)
    if kind != PartyKind.ORGANISATION and len(spoken) in _LOOSE_WORDS and enough:
        yield sum(_hash(f"~{reduced}") for reduced in consonants) % 2**64


class _Words:
    """The words of a text with what is needed to look up every run of them at once."""

    def __init__(self, text: str) -> None:
        self._text = text
        matches = list(_WORD.finditer(text))
        written = [_POSSESSIVE.sub("", match.group()) for match in matches]
        self._spans = [(match.start(), match.start() + len(word)) for match, word in zip(matches, written, strict=True)]
        self._written = written
        cased = text != text.lower()
        self._may_end = np.array([not cased or not word[0].islower() for word in written], bool)
        self._stretch = self._number_stretches()

    def runs(self) -> Iterator[tuple[int, Keys, NDArray[np.intp]]]:
        """For every length: the length, the keys of the runs that may be names, and the word each begins with."""
        readings = [_running_sum(_key_of(word) for word in self._written)]
        signs = np.array([len(word) == 1 and _is_unspaced(word) for word in self._written], bool)
        for count in range(_WORDS.start, _SIGNS.stop):
            yield count, *self._sums(readings[0], count, signs if count not in _WORDS else None)
        if _CYRILLIC.search(self._text):
            for stripped in (False, True):
                sums = _running_sum(_loose_key_of(word, stripped) for word in self._written)
                cyrillic = np.array([bool(_CYRILLIC.match(word)) for word in self._written], bool)
                for count in _LOOSE_WORDS:
                    yield count, *self._sums(sums, count, cyrillic)

    def written(self, start: int, end: int) -> str:
        """The run as the text has it, in one line."""
        return " ".join(self._text[self._spans[start][0] : self._spans[end - 1][1]].split())

    def _sums(self, sums: Keys, count: int, only: NDArray[np.bool_] | None) -> tuple[Keys, NDArray[np.intp]]:
        """Keys and first words of the runs of ``count`` words within one stretch, of ``only`` such words if given."""
        if len(self._written) < count:
            return np.empty(0, np.uint64), np.empty(0, np.intp)
        whole = (self._stretch[: len(self._stretch) - count + 1] == self._stretch[count - 1 :]) & self._may_end[
            count - 1 :
        ]
        if only is not None:
            covered = np.concatenate([[0], np.cumsum(only)])
            whole &= covered[count:] - covered[:-count] == count
        starts = np.flatnonzero(whole)
        return sums[starts + count] - sums[starts], starts

    def _number_stretches(self) -> NDArray[np.intp]:
        """Which stretch each word is in; punctuation that no name has between its parts begins a new one."""
        breaks = [0] * len(self._spans)
        for place in range(1, len(self._spans)):
            before = self._spans[place - 1]
            gap = self._text[before[1] : self._spans[place][0]]
            short = before[1] - before[0] <= _LONGEST_ABBREVIATION
            joined = _JOINT.fullmatch(gap) or (short and _ABBREVIATION.fullmatch(gap))
            breaks[place] = 0 if joined else 1
        return np.cumsum(breaks, dtype=np.intp) if breaks else np.empty(0, np.intp)


def _running_sum(keys: Iterable[int]) -> Keys:
    return np.concatenate([np.zeros(1, np.uint64), np.cumsum(np.fromiter(keys, np.uint64), dtype=np.uint64)])


@lru_cache(maxsize=20_000)
def _key_of(word: str) -> int:
    return _hash(_fold(word))


@lru_cache(maxsize=20_000)
def _loose_key_of(word: str, stripped: bool) -> int:
    bare = _CASE_ENDING.sub("", word.lower()) if stripped else word
    return _hash(f"~{_consonants(_fold(bare))}")


def _fold(word: str) -> str:
    """A word in lower-case Latin letters; signs of unspaced scripts as they are."""
    bare = _APOSTROPHES.sub("", word).casefold()
    if bare.isascii() or _is_unspaced(bare):
        return bare
    return "".join(latinise(maybe_ascii(bare)))


def _consonants(word: str) -> str:
    return reduce_consonants(word) if word.isalpha() and word.isascii() else ""


def _is_unspaced(word: str) -> bool:
    return "\u3040" <= word[:1] <= "\ud7a3"


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
