"""Parties: which drafted party is which of the gold's, by their names alone.

From surest to least sure: the same tokens as the full name; as one of the other forms that stand in the article; as one
of the draft's other forms; a part of one full name alone, or the name with more to it; the name in another script, or
inflected. A less sure way counts only where no surer one met anybody, and where it points to one party. A spelling that
is merely near is told, and is no match: a wrong letter can be another person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from agent.domain.summary import Party
from agent.domain.taxonomy import FeatureVerdict, PartyKind
from agent.triage.names import compare_best, compare_names, name_tokens, names_meet
from evals.cases.gold import GoldParty

_TITLES: Final = frozenset(
    "mr mrs ms miss dr prof professor sir lord dame judge justice minister president herr frau senor senora".split()
)
_LEGAL_FORMS: Final = frozenset(
    """ltd limited llc inc incorporated corp corporation co company plc llp ag gmbh kg ab as asa oy oyj bv nv sa sas
    sarl srl spa sro ooo oao zao pao ao pjsc jsc tov pte pty kft zrt doo dd ad se holding group the""".split()
)
"""What a name may have more or less of: titles of people, legal forms of organisations."""
_INFLECTING: Final = frozenset("ru uk be kk pl cs sk sl hr sr bs lt lv et fi hu tr el ro sq hy ka la".split())
_LONGEST_ENDING, _SHORTEST_STEM, _LONGEST_PARTICLE = 3, 3, 3


@dataclass(frozen=True, slots=True)
class PartyMatch:
    """Who is who."""

    gold_of: Mapping[str, str]
    """Drafted party → gold party; several drafted ones may be the same."""
    drafted_of: Mapping[str, tuple[str, ...]]
    """Gold party → its drafted parties, the surest first."""
    near: Mapping[str, str]
    """Drafted party → the gold party whose name it nearly bears."""
    described: frozenset[str] = frozenset()
    """Drafted parties that are no gold one and that the text describes without a name: ``four others``."""


def match_parties(gold: Sequence[GoldParty], drafted: Sequence[Party], language: str) -> PartyMatch:
    """Match the drafted parties of an article in this language (ISO 639-1) with its gold ones."""
    found: dict[str, tuple[int, str]] = {}
    near: dict[str, str] = {}
    taken: set[str] = set()
    for party in drafted:
        for level, way in enumerate(_ways(language)):
            met = [one.id for one in gold if way(party, one)]
            # Two people of one name: the draft's first is the gold's first, the second the second.
            free = [one for one in met if one not in taken] or met
            if met and (level == 0 or len(met) == 1):
                found[party.id] = (level, free[0])
                taken.add(free[0])
                break
        else:
            close = [one.id for one in gold if _is_near(party, one)]
            near |= {party.id: close[0]} if close else {}
    drafted_of: dict[str, list[str]] = {}
    for drafted_id, (_, gold_id) in sorted(found.items(), key=lambda entry: entry[1][0]):
        drafted_of.setdefault(gold_id, []).append(drafted_id)
    return PartyMatch(
        gold_of={drafted_id: gold_id for drafted_id, (_, gold_id) in found.items()},
        drafted_of={gold_id: tuple(ids) for gold_id, ids in drafted_of.items()},
        near=near,
        described=frozenset(one.id for one in drafted if one.id not in found and _is_description(one.name)),
    )


_Way = Callable[[Party, GoldParty], bool]


def _ways(language: str) -> Iterator[_Way]:
    yield lambda party, one: _bare(party.name, party.kind) == _bare(one.name, one.kind) != ()
    yield lambda party, one: _bare(party.name, party.kind) in {_bare(alias, one.kind) for alias in one.aliases} - {()}
    yield _share_alias
    yield _is_part
    yield _is_other_script
    if language in _INFLECTING:
        yield _is_inflected


@lru_cache(maxsize=4096)
def _bare(name: str, kind: PartyKind) -> tuple[str, ...]:
    """The name's tokens in a fixed order, without title or legal form unless it is nothing else."""
    dress = _TITLES if kind is not PartyKind.ORGANISATION else _LEGAL_FORMS
    dress = dress | _LEGAL_FORMS if kind is PartyKind.UNKNOWN else dress
    tokens = name_tokens(name)
    return tuple(sorted(token for token in tokens if token not in dress) or sorted(tokens))


def _share_alias(party: Party, one: GoldParty) -> bool:
    drafted = {_bare(alias, party.kind) for alias in party.aliases}
    return bool(drafted & {_bare(name, one.kind) for name in (one.name, *one.aliases)} - {()})


def _is_part(party: Party, one: GoldParty) -> bool:
    given, full = set(_bare(party.name, party.kind)), set(_bare(one.name, one.kind))
    return bool(given) and (given < full or (len(full) > 1 and full < given))


def _is_other_script(party: Party, one: GoldParty) -> bool:
    if party.name.isascii() == one.name.isascii():
        return False
    kind = PartyKind.ORGANISATION if one.kind is PartyKind.ORGANISATION else PartyKind.PERSON
    return names_meet(compare_best((party.name,), (one.name,), kind), surely=True)


def _is_inflected(party: Party, one: GoldParty) -> bool:
    return any(_same_stems(name_tokens(party.name), name_tokens(name)) for name in (one.name, *one.aliases))


def _same_stems(left: Sequence[str], right: Sequence[str]) -> bool:
    if len(left) != len(right):
        return False
    return all(_same_stem(one, other) for one, other in zip(left, right, strict=True))


def _same_stem(one: str, other: str) -> bool:
    stem = max(len(one), len(other)) - _LONGEST_ENDING
    return one == other or (stem >= _SHORTEST_STEM and one[:stem] == other[:stem])


def _is_description(name: str) -> bool:
    """Whether a word of it is written small: names have particles of one or two or three letters at most."""
    return any(word.islower() and len(word) > _LONGEST_PARTICLE for word in name.split())


def _is_near(party: Party, one: GoldParty) -> bool:
    return compare_names((party.name,), (one.name, *one.aliases)) is FeatureVerdict.VARIANT
