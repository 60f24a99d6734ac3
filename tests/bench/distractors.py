"""Names of people and firms that nobody asked for: a seeded stream to fill an index to the size of a real one.

Recombined from a vocabulary read at run time, so that they are near the names looked for: given and family names within
one script, words of firms with a legal form, and one in twelve the same as an earlier one.
"""

from __future__ import annotations

import csv
import random
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.domain.reference import Profile
from agent.domain.taxonomy import PartyKind

DUPLICATES = 0.08
FIRMS = 0.25
LISTED = 0.35
"""Share of the people made of the lists' own vocabulary, the hardest to tell from those looked for."""
_LEGAL_FORMS = ("LTD", "LLC", "GmbH", "S.A.", "CO., LTD.", "Inc", "OOO", "JSC", "PLC", "", "", "")
_REMEMBERED = 50_000


@dataclass(slots=True)
class Vocabulary:
    """Given and family names by script, and the words of firms."""

    people: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)
    scripts: list[str] = field(default_factory=list)
    """The script of each row read, so that drawing one draws by frequency."""
    listed: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))
    firm_words: list[str] = field(default_factory=list)


def read_vocabulary(people: Path, entities: Sequence[dict[str, Any]]) -> Vocabulary:
    """``people``: a CSV with first_name and last_name; ``entities``: FollowTheMoney rows of a list."""
    vocabulary = Vocabulary()
    with people.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["first_name"] and row["last_name"]:
                script = script_of(row["last_name"])
                given, family = vocabulary.people.setdefault(script, ([], []))
                given.append(row["first_name"])
                family.append(row["last_name"])
                vocabulary.scripts.append(script)
    for entity in entities:
        properties = entity["properties"]
        if entity["schema"] == "Person":
            vocabulary.listed[0].extend(properties.get("firstName", ()))
            vocabulary.listed[1].extend(properties.get("lastName", ()))
        else:
            vocabulary.firm_words.extend(word for name in properties["name"] for word in name.split() if len(word) > 2)
    return vocabulary


def draw_profiles(vocabulary: Vocabulary, count: int, seed: int) -> Iterator[Profile]:
    """``count`` profiles of one name each, the same for the same seed."""
    dice = random.Random(seed)
    earlier: list[tuple[str, PartyKind]] = []
    for number in range(count):
        if earlier and dice.random() < DUPLICATES:
            name, kind = dice.choice(earlier)
        elif dice.random() < FIRMS:
            name, kind = _draw_firm(vocabulary, dice), PartyKind.ORGANISATION
        else:
            name, kind = _draw_person(vocabulary, dice), PartyKind.PERSON
        if len(earlier) < _REMEMBERED:
            earlier.append((name, kind))
        yield Profile.model_construct(profile_id=f"X{number:07d}", name=name[:300], kind=kind)


def script_of(text: str) -> str:
    """The script most of the text's letters are in, as Unicode names begin: LATIN, ARABIC …; empty without letters."""
    kinds = [unicodedata.name(char, "").partition(" ")[0] for char in text if char.isalpha()]
    return max(sorted(set(kinds)), key=kinds.count, default="")


def _draw_person(vocabulary: Vocabulary, dice: random.Random) -> str:
    if dice.random() < LISTED:
        given, family = (dice.choice(names) for names in vocabulary.listed)
        return f"{given} {family}" if dice.random() < 0.5 else f"{family.upper()}, {given}"
    script = dice.choice(vocabulary.scripts)
    given, family = (dice.choice(names) for names in vocabulary.people[script])
    if script == "LATIN" and dice.random() < 0.2:
        return f"{given} {dice.choice(vocabulary.people[script][0])} {family}"
    return f"{family}{given}" if script in ("CJK", "HANGUL") else f"{given} {family}"


def _draw_firm(vocabulary: Vocabulary, dice: random.Random) -> str:
    words = [dice.choice(vocabulary.firm_words) for _ in range(dice.randint(1, 3))]
    return " ".join([*words, dice.choice(_LEGAL_FORMS)]).strip()
