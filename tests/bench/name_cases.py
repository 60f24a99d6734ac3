"""Profiles and queries of the name benchmark: what is indexed of the lists, and what is held out to be asked for."""

from __future__ import annotations

import csv
import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from rapidfuzz import fuzz

from agent.domain.reference import Profile
from agent.domain.taxonomy import PartyKind
from retrieval.names.tokens import fold_tokens
from tests.bench.distractors import script_of
from tests.bench.figures import load_rows

LISTS: Final = ("ofac", "un", "opensanctions_sample", "us_congress_pep")
KINDS: Final = {
    "Person": PartyKind.PERSON,
    "Company": PartyKind.ORGANISATION,
    "Organization": PartyKind.ORGANISATION,
    "PublicBody": PartyKind.ORGANISATION,
    "LegalEntity": PartyKind.UNKNOWN,
}
NEAR_SCRIPTS: Final = frozenset({"LATIN", "CYRILLIC", "GREEK"})
GROUPS: Final = ("alias", "typo", "organisation", "cyrillic", "unlike", "script")
NEAR_GROUPS: Final = GROUPS[:5]
REACHABLE_GROUPS: Final = GROUPS[:4]
"""``unlike`` are held-out aliases that share no word, not even nearly, with an indexed name (noms de guerre)."""
_ALIASES, _FIRM_ALIASES, _MANGLED = 1_000, 600, 500
_SAMPLE_NAMES: Final = 2
"""Names of one entity in one script asked for: some have forty."""
_LEAST_RATIO: Final = 60.0
_LIKE: Final = 70.0
_VOWELS: Final = "aeiou"


@dataclass(frozen=True, slots=True)
class NameCase:
    """A name to look up and the one profile that has to come back."""

    group: str
    name: str
    target: str
    kind: PartyKind

    @property
    def dev(self) -> bool:
        """Whether variants may be chosen on it: half of all, by hash, so that it never moves."""
        return hashlib.sha256(f"{self.group}:{self.target}:{self.name}".encode()).digest()[-1] % 2 == 0


def read_lists(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of each list that are parties."""
    return {
        name: [row for row in load_rows(folder / f"profiles_{name}.ftm.jsonl") if row["schema"] in KINDS]
        for name in LISTS
    }


def make_cases(folder: Path, lists: dict[str, list[dict[str, Any]]], seed: int) -> tuple[list[Profile], list[NameCase]]:
    """The profiles to index, without what is held out, and the queries.

    Profiles of the UN list and of the sample keep only names in Latin letters (if they have any), so that every name in
    another script has to be found across scripts.
    """
    dice = random.Random(seed)
    cases: list[NameCase] = []
    names = {row["id"]: _names_of(row) for rows in lists.values() for row in rows}
    kinds = {row["id"]: KINDS[row["schema"]] for rows in lists.values() for row in rows}
    for row in [*lists["un"], *lists["opensanctions_sample"]]:
        latin = [name for name in names[row["id"]] if script_of(name) == "LATIN"]
        if latin:
            cases += _cross_script(row["id"], names[row["id"]], kinds[row["id"]])
            names[row["id"]] = latin
    held = _hold_out_aliases(names, kinds, [row["id"] for key in ("ofac", "un") for row in lists[key]], dice)
    for case in held:
        names[case.target] = [name for name in names[case.target] if name != case.name]
    people = [row["id"] for row in lists["ofac"] if row["schema"] == "Person"]
    cases += held
    cases += _mangled(names, dice.sample(people, _MANGLED), dice)
    cases += _treated(folder / "yente_positives_un_treated.csv", lists["un"], names)
    profiles = [
        Profile.model_construct(profile_id=key, name=own[0], kind=kinds[key], aliases=tuple(own[1:]))
        for key, own in names.items()
    ]
    return profiles, list(dict.fromkeys(cases))


def _names_of(row: dict[str, Any]) -> list[str]:
    properties = row["properties"]
    wanted = ("name", "alias", "previousName")
    names = dict.fromkeys(" ".join(name.split()) for key in wanted for name in properties.get(key, ()))
    return [name for name in names if 0 < len(name) <= 300]


def _cross_script(key: str, names: Sequence[str], kind: PartyKind) -> Iterator[NameCase]:
    asked: dict[str, int] = {}
    for name in names:
        script = script_of(name)
        if script in ("", "LATIN") or len(fold_tokens(name)) < 2 - (script in ("CJK", "HANGUL")):
            continue
        asked[script] = asked.get(script, 0) + 1
        if asked[script] <= _SAMPLE_NAMES:
            yield NameCase("cyrillic" if script in NEAR_SCRIPTS else "script", name, key, kind)


def _hold_out_aliases(
    names: dict[str, list[str]], kinds: dict[str, PartyKind], keys: Iterable[str], dice: random.Random
) -> list[NameCase]:
    """One alias of a profile each, if it is written otherwise than all names that the profile keeps."""
    found: dict[str, list[NameCase]] = {"alias": [], "organisation": []}
    for key in keys:
        own = names[key]
        free = [
            name
            for name in own[1:]
            if script_of(name) == "LATIN"
            and not any(fold_tokens(name) == fold_tokens(other) for other in own if other != name)
        ]
        if free:
            group = "alias" if kinds[key] == PartyKind.PERSON else "organisation"
            found[group].append(NameCase(group, dice.choice(free), key, kinds[key]))
    drawn = [
        *dice.sample(found["alias"], min(_ALIASES, len(found["alias"]))),
        *dice.sample(found["organisation"], min(_FIRM_ALIASES, len(found["organisation"]))),
    ]
    return [
        case
        if _shares_part(case.name, [name for name in names[case.target] if name != case.name])
        else replace(case, group="unlike")
        for case in drawn
    ]


def _shares_part(name: str, others: Iterable[str]) -> bool:
    """Whether any word of the name is nearly one of the others' words, or the whole is nearly the whole."""
    words = [word for word in fold_tokens(name) if len(word) > 2]
    return any(
        fuzz.ratio("".join(fold_tokens(name)), "".join(fold_tokens(other))) >= _LIKE
        or any(fuzz.ratio(word, theirs) >= _LIKE for word in words for theirs in fold_tokens(other) if len(theirs) > 2)
        for other in others
    )


def _mangled(names: dict[str, list[str]], keys: Sequence[str], dice: random.Random) -> Iterator[NameCase]:
    for key in keys:
        name = names[key][0]
        for change in dice.sample((_swap, _drop, _double, _revowel, _reorder), 2):
            name = change(name, dice)
        yield NameCase("typo", name, key, PartyKind.PERSON)


def _treated(path: Path, rows: Sequence[dict[str, Any]], names: dict[str, list[str]]) -> Iterator[NameCase]:
    """Queries written about the list's people, each given to the one of the same birth year with the nearest name."""
    with path.open(encoding="utf-8", newline="") as stream:
        queries = list(csv.DictReader(stream))
    own = {row["id"]: [_sorted(name) for name in names[row["id"]]] for row in rows}
    for query in queries:
        wanted = _sorted(query["full_name"])
        years = {part[:4] for part in query["date_of_birth"].split(";") if part}
        best, target = max(
            (max(fuzz.ratio(wanted, name) for name in own[row["id"]]) + 20 * bool(years & _years(row)), row["id"])
            for row in rows
        )
        if best >= _LEAST_RATIO:
            yield NameCase("typo", query["full_name"], target, PartyKind.PERSON)


def _sorted(name: str) -> str:
    return " ".join(sorted(fold_tokens(name)))


def _years(row: dict[str, Any]) -> set[str]:
    return {date[:4] for date in row["properties"].get("birthDate", ())}


def _swap(name: str, dice: random.Random) -> str:
    place = dice.randrange(max(1, len(name) - 1))
    return name[:place] + name[place : place + 2][::-1] + name[place + 2 :]


def _drop(name: str, dice: random.Random) -> str:
    place = dice.randrange(len(name))
    return name[:place] + name[place + 1 :]


def _double(name: str, dice: random.Random) -> str:
    place = dice.randrange(len(name))
    return name[:place] + name[place] + name[place:]


def _revowel(name: str, dice: random.Random) -> str:
    places = [place for place, char in enumerate(name) if char.lower() in _VOWELS]
    if not places:
        return name
    place = dice.choice(places)
    return name[:place] + dice.choice(_VOWELS) + name[place + 1 :]


def _reorder(name: str, dice: random.Random) -> str:
    words = name.replace(",", "").split()
    dice.shuffle(words)
    return " ".join(words)
