"""Invented names in place of the names of one case, the same one wherever a name stands and however it is written.

This is pseudonymisation, not anonymisation: who the article is about can still be told from places, dates and deeds,
and a name that nobody named beforehand stays. A person reads every case before it leaves the bank.

A name is replaced word by word: a surname alone, a possessive, a declined form, another alphabet's spelling and a
shared surname all get the same stem. Words that are common words too (Young, Global) are replaced where a name is known
to stand. ``find_survivors`` looks for the original words by other means and is asked before anything is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final

from agent.domain.taxonomy import PartyKind
from agent.errors import InputError
from agent.reading.places import find_countries
from evals.cases.desk.invented_names import CASED, UNSEGMENTED, can_write, invent_stems, script_of, write_stem
from evals.cases.desk.known_names import KnownName, choose_words
from evals.cases.desk.name_forms import (
    SHORTEST_STEM,
    Word,
    find_unsegmented,
    find_words,
    is_common,
    may_follow,
    split_stem,
)
from evals.cases.desk.rewriting import Replacement, Rewritten, rewrite_spans
from retrieval.names.transliteration import latinise, reduce_consonants

_SHORTEST_SKELETON: Final = 3
_SHORTEST_PART: Final = 5
"""Letters from which a name's word is looked for inside longer words."""
_NEAR_SPELLING: Final = 0.75
"""Likeness of two stems (difflib, 0 to 1) of one sound from which they are spellings of one name."""
_MOST_STEMS: Final = 400
_TOO_SHORT: Final = 3
_JOINT: Final = re.compile(r"[\s.\-‐‑–&,'’·]{0,4}")
_HYPHENATED: Final = re.compile(r"(?<=\w)[-‐­]\s*\n\s*(?=\w)")
_SPACED_OUT: Final = re.compile(r"(?<!\w)(?:[^\W\d_][ .·\-]){3,}[^\W\d_](?!\w)")


class NotPseudonymised(InputError):
    """A case whose names could not all be replaced; it is not written."""


@dataclass(slots=True)
class _Stem:
    """What stands for one stem: in which scripts it is seen, followed by what, and the invented syllables."""

    key: str
    scripts: set[str] = field(default_factory=set)
    suffixes: set[str] = field(default_factory=set)
    signs: int = 2
    weak: bool = False
    syllables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A name of common words: the keys of its words, and which of them are replaced."""

    keys: tuple[str, ...]
    replaced: frozenset[int]


class Pseudonyms:
    """The invented names of one case. The same secret gives the same person the same name in every case."""

    def __init__(self, secret: bytes, names: Iterable[KnownName], ordinary: Iterable[str] = ()) -> None:
        """``names`` are all that must not survive, main names before other forms of them.

        ``ordinary`` are words that the text writes small as well: in a firm's name they stay. Raises NotPseudonymised
        for a name in a script that no invented name can be written in.
        """
        self._secret = secret
        self._ordinary = frozenset(word.casefold() for word in ordinary)
        self._firms: set[str] = set()
        self._stems: dict[str, _Stem] = {}
        self._weak: dict[str, _Stem] = {}
        self._phrases: dict[str, list[_Phrase]] = {}
        self._wholes: dict[str, tuple[_Stem, ...]] = {}
        self._mates: dict[str, list[tuple[str, _Stem]]] = {}
        self._originals: dict[str, str] = {}
        self._full: dict[tuple[str, ...], str] = {}
        for name in names:
            self._learn(name)
        self._invent()

    def rewrite(self, text: str, spans: Sequence[tuple[int, int]] = (), fixed: Sequence[Replacement] = ()) -> Rewritten:
        """A text with every known name replaced.

        ``spans`` are places known to hold a name, where common words are replaced too; ``fixed`` replacements are made
        as given, and nothing inside them is touched.
        """
        made = list(fixed)
        made += [one for one in self._replace_wholes(text) if not _overlaps(one, made)]
        words = find_words(text)
        named = self._find_named(words, text, spans)
        places = [(start, end) for start, end, _ in find_countries(text)]
        for index, word in enumerate(words):
            if any(word.start < one.end and one.start < word.end for one in made):
                continue
            placed = any(start <= word.start and word.end <= end for start, end in places)
            new = self._replace(word, named=index in named, placed=placed)
            if new is None:
                new = self._replace_initial(words, index, text)
            if new is not None:
                made.append(new)
        return rewrite_spans(text, made)

    def rename(self, name: str) -> str:
        """A name, all of which is known to be one."""
        return self.rewrite(name, [(0, len(name))]).text

    def find_survivors(self, texts: Iterable[str]) -> list[str]:
        """The original words (of three letters or more, no common words) and full names that a text still holds."""
        found: dict[str, None] = {}
        for text in texts:
            for one in self._survivors_in(text):
                found.setdefault(one)
        return list(found)

    # Learning names

    def _as_firm(self, name: KnownName) -> KnownName:
        """The name, as a firm's where anybody said that it is one."""
        if name.kind is PartyKind.ORGANISATION:
            self._firms.add(name.text)
        return replace(name, kind=PartyKind.ORGANISATION) if name.text in self._firms else name

    def _learn(self, name: KnownName) -> None:
        words = [word for word in find_words(name.text) if word.key]
        for word in find_unsegmented(name.text):
            self._learn_whole(word)
        wanted = choose_words(words, self._as_firm(name), self._ordinary)
        stems: list[tuple[str, _Stem]] = []
        for index, word in enumerate(words):
            if index not in wanted:
                continue
            if not can_write(word.script):
                raise NotPseudonymised(f"the name {name.text!r} is in a script no invented name can be written in")
            stem = self._learn_word(word, weak=wanted[index])
            stems.append((word.key, stem))
        if len(words) > 1 and any(wanted.values()):
            phrase = _Phrase(tuple(word.key for word in words), frozenset(wanted))
            self._phrases.setdefault(words[0].key, []).append(phrase)
        if len(words) > 1 and wanted:
            self._full[tuple(word.key for word in words)] = name.text
        for _, stem in stems:
            self._mates.setdefault(stem.key, []).extend(pair for pair in stems if pair[1] is not stem)

    def _learn_word(self, word: Word, *, weak: bool) -> _Stem:
        if word.script == "ARABIC" and word.text.startswith("ال"):
            word = next(word.parts(), word)
        if weak:
            stem = self._weak.setdefault(word.key, _Stem(word.key, weak=True))
            stem.scripts.add(word.script)
            stem.suffixes.add("")
            return stem
        if len(word.key) >= _TOO_SHORT:
            self._originals.setdefault(word.key, word.text)
        met = self._meet_form(word)
        if met is not None:
            met[0].scripts.add(word.script)
            return met[0]
        key, suffix = split_stem(word.key)
        if word.cut_at(len(key)) is None:
            key, suffix = word.key, ""
        stem = self._stems.setdefault(key, _Stem(key))
        stem.scripts.add(word.script)
        stem.suffixes.add(suffix)
        return stem

    def _learn_whole(self, word: Word) -> None:
        """A name in a script without spaces: itself, and its parts of two signs or more."""
        signs = word.text
        family = 2 if len(signs) > SHORTEST_STEM else 1
        parts = [signs[:family], signs[family:]] if 1 < len(signs) <= 2 * family + 1 else [signs]
        stems = []
        for part in parts:
            key = "".join(latinise(part))
            stem = self._stems.setdefault(key, _Stem(key))
            stem.scripts.add(word.script)
            stem.suffixes.add("")
            stem.signs = max(len(part), 1)
            stems.append(stem)
        self._wholes[signs] = tuple(stems)
        for part, stem in zip(parts, stems, strict=True):
            if len(part) > 1:
                self._wholes.setdefault(part, (stem,))

    def _invent(self) -> None:
        """A stem for everything learned that clashes with no original and no other invention."""
        taken: dict[str, str] = {}
        for stem in (*self._stems.values(), *self._weak.values()):
            skeleton = reduce_consonants(stem.key)
            shared = next(
                (other for other in self._stems.values() if other.syllables and _same_sound(stem, other)), None
            )
            if shared is not None and skeleton:
                near = stem.scripts & shared.scripts
                twins = sum(
                    other.syllables[: len(shared.syllables)] == shared.syllables for other in self._stems.values()
                )
                # Another spelling stays another one, and near it: Tarvek, Tarvekk.
                stem.syllables = (*shared.syllables, *[shared.syllables[-1][-1]] * (twins if near else 0))
                continue
            candidates = invent_stems(self._secret, stem.key, frozenset(stem.scripts), stem.signs)
            for _, syllables in zip(range(_MOST_STEMS), candidates, strict=False):
                latin = "".join(syllables)
                if latin not in taken and not self._clashes(latin, stem):
                    break
            stem.syllables = syllables
            taken[latin] = stem.key

    def _clashes(self, latin: str, stem: _Stem) -> bool:
        keys = (*self._stems, *self._weak)
        if any(key.startswith(latin) or (len(key) >= SHORTEST_STEM and latin.startswith(key)) for key in keys):
            return True
        sounds = {reduce_consonants(key) for key in self._stems}
        heads = (latin[:length] for length in range(SHORTEST_STEM + 1, len(latin) + 1))
        if is_common(latin) or any(reduce_consonants(head) in sounds for head in heads):
            return True
        forms = [latin + suffix for suffix in ("", *stem.suffixes)]
        return any(len(one) >= _SHORTEST_PART and one in form for one in self._originals for form in forms)

    # Replacing

    def _replace(self, word: Word, *, named: bool, placed: bool) -> Replacement | None:
        if named and word.key in self._weak:
            return _render(word, self._weak[word.key], len(word.text))
        met = self._meet(word)
        if met is not None:
            stem, cut = met
            exact = word.key in self._originals or word.key == stem.key
            capital = word.text[0].isupper() or word.script not in CASED
            if exact or (capital and not placed and not is_common(word.text)):
                return _render(word, stem, cut)
            return None
        for part in word.parts():
            new = self._replace(part, named=named, placed=placed)
            if new is not None:
                return Replacement(word.start, word.end, word.text.replace(part.text, new.text, 1))
        return None

    def _meet(self, word: Word) -> tuple[_Stem, int] | None:
        """The stem that a word is a form of or sounds like, and where in the word the stem ends."""
        return self._meet_form(word) or self._meet_sound(word)

    def _meet_form(self, word: Word) -> tuple[_Stem, int] | None:
        """The stem that a word is a form of; the longest counts."""
        for length in range(len(word.key), 1, -1):
            cut, stem = word.cut_at(length), self._stems.get(word.key[:length])
            if stem is None or cut is None:
                continue
            tail = word.key[length:]
            if tail in stem.suffixes or (
                length >= SHORTEST_STEM and may_follow(tail, stem.key, frozenset(stem.suffixes))
            ):
                return stem, cut
        return None

    def _meet_sound(self, word: Word) -> tuple[_Stem, int] | None:
        """The stem that a word of another alphabet sounds like."""
        for length in range(len(word.key), SHORTEST_STEM, -1):
            cut, skeleton = word.cut_at(length), reduce_consonants(word.key[:length])
            if cut is None or len(skeleton) < _SHORTEST_SKELETON:
                continue
            for stem in self._stems.values():
                foreign = word.script not in stem.scripts and stem.scripts - UNSEGMENTED
                alike = foreign and len(stem.key) > SHORTEST_STEM and reduce_consonants(stem.key) == skeleton
                if alike and may_follow(word.key[length:], stem.key, frozenset(stem.suffixes)):
                    return stem, cut
        return None

    def _replace_wholes(self, text: str) -> Iterator[Replacement]:
        if not self._wholes:
            return
        names = sorted(self._wholes, key=len, reverse=True)
        for match in re.finditer("|".join(map(re.escape, names)), text):
            stems, script = self._wholes[match.group()], script_of(match.group())
            yield Replacement(match.start(), match.end(), "".join(write_stem(stem.syllables, script) for stem in stems))

    def _replace_initial(self, words: Sequence[Word], index: int, text: str) -> Replacement | None:
        """``I.`` ahead of a known surname becomes the initial of the invented first name."""
        word = words[index]
        following = words[index + 1] if index + 1 < len(words) else None
        if len(word.text) != 1 or following is None or not re.fullmatch(r"\.[\s ]*", text[word.end : following.start]):
            return None
        met = self._meet(following)
        stem = met[0] if met is not None else self._weak.get(following.key)
        for key, mate in self._mates.get(stem.key, ()) if stem is not None else ():
            if key.startswith(word.key) and mate.syllables:
                return Replacement(word.start, word.end, write_stem(mate.syllables, word.script)[0].upper())
        return None

    def _find_named(self, words: Sequence[Word], text: str, spans: Sequence[tuple[int, int]]) -> set[int]:
        """Indices of words that are known to be part of a name."""
        found = {
            index
            for index, word in enumerate(words)
            if any(start <= word.start and word.end <= end for start, end in spans)
        }
        for index, word in enumerate(words):
            for phrase in self._phrases.get(word.key, ()):
                if self._stands_at(phrase.keys, words, index, text):
                    found |= {index + place for place in phrase.replaced}
        return found

    def _stands_at(self, keys: tuple[str, ...], words: Sequence[Word], index: int, text: str) -> bool:
        stretch = words[index : index + len(keys)]
        if tuple(word.key for word in stretch) != keys or not stretch[0].text[0].isupper():
            return stretch != [] and tuple(word.key for word in stretch) == keys and stretch[0].script not in CASED
        gaps = (text[one.end : other.start] for one, other in pairwise(stretch))
        return all(_JOINT.fullmatch(gap) for gap in gaps)

    # Looking for what is left

    def _survivors_in(self, text: str) -> Iterator[str]:
        folded = unicodedata.normalize("NFKC", text)
        joined = _SPACED_OUT.sub(lambda match: re.sub(r"[ .·\-]", "", match.group()), _HYPHENATED.sub("", folded))
        yield from (whole for whole in self._wholes if len(whole) > 1 and whole in folded)
        words = find_words(joined)
        places = [(start, end) for start, end, _ in find_countries(joined)]
        for index, word in enumerate(words):
            for keys, full in self._full.items():
                if word.key == keys[0] and self._stands_at(keys, words, index, joined):
                    yield full
            if is_common(word.text) or any(start <= word.start and word.end <= end for start, end in places):
                continue
            for key, original in self._originals.items():
                if self._survives(key, word):
                    yield original
            if self._meet_sound(word) is not None and (word.text[0].isupper() or word.script not in CASED):
                yield word.text

    def _survives(self, key: str, word: Word) -> bool:
        if word.key == key or (len(key) >= _SHORTEST_PART and key in word.key):
            return True
        stem, suffix = split_stem(key)
        if len(stem) <= SHORTEST_STEM or not word.key.startswith(stem) or not word.text[0].isupper():
            return False
        return may_follow(word.key[len(stem) :], stem, frozenset({suffix}))


def _same_sound(stem: _Stem, other: _Stem) -> bool:
    """Whether two stems are one name's: in two alphabets, or spelled a little differently in one."""
    if (stem.scripts | other.scripts) & UNSEGMENTED:
        return False
    skeleton = reduce_consonants(stem.key)
    if len(skeleton) < _SHORTEST_SKELETON or skeleton != reduce_consonants(other.key):
        return False
    near = SequenceMatcher(None, stem.key, other.key, autojunk=False).ratio() >= _NEAR_SPELLING
    return not stem.scripts & other.scripts or (near and min(len(stem.key), len(other.key)) >= _SHORTEST_PART)


def _render(word: Word, stem: _Stem, cut: int) -> Replacement:
    written, tail = write_stem(stem.syllables, word.script), word.text[cut:]
    if len(word.text) > 1 and word.text.isupper():
        written = written.upper()
    elif word.text[0].isupper():
        written = written[0].upper() + written[1:]
    new = written + tail
    return Replacement(word.start, word.end, re.sub(r"σ$", "ς", new))


def _overlaps(one: Replacement, others: Iterable[Replacement]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)
