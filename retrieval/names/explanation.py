"""What a comparison of two names found, in one English sentence for an analyst."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agent.domain.reference import NamePartMatch
from agent.domain.taxonomy import NamePartRelation as Relation
from agent.domain.taxonomy import PartyKind
from retrieval.names.nicknames import is_given_name
from retrieval.names.parts import are_comparable, is_patronymic, read_words

_LONGEST: Final = 560
_SHOWN: Final = 40
"""Characters of one part that are shown."""
_MOST_CLAUSES: Final = 8


def explain_parts(
    parts: Sequence[NamePartMatch],
    kind: PartyKind = PartyKind.PERSON,
    *,
    given_place: str = "on the list",
    stated_place: str = "in the article",
) -> str:
    """One sentence on how two names stand to each other, without a full stop; at most 600 characters.

    A person's part is called surname, given name or patronymic only where the parts themselves make it sure.
    ``given_place`` and ``stated_place`` say where the two names stand.
    """
    if not parts:
        return "the names cannot be compared"
    labels = _label_parts(parts) if kind is PartyKind.PERSON else [""] * len(parts)
    order = sorted(range(len(parts)), key=lambda place: (_ORDER.get(labels[place], 1), place))
    clauses = [_say(parts[place], labels[place], given_place, stated_place) for place in order]
    sentence = ""
    for number, clause in enumerate(clauses):
        longer = f"{sentence}; {clause}" if sentence else clause
        if len(longer) > _LONGEST or number == _MOST_CLAUSES:
            return f"{sentence}; and {len(clauses) - number} more"
        sentence = longer
    return sentence


_ORDER: Final = {"surname": 0, "given name": 1, "patronymic": 2}


def _label_parts(parts: Sequence[NamePartMatch]) -> list[str]:
    """What each part is, "" where that is not sure.

    An East Slavic patronymic is sure by its ending and makes its neighbours sure: it follows the given name. Without
    one, two parts are told apart where one of them alone is a listed given name.
    """
    folded = [_fold(part.given or part.stated) for part in parts]
    labels = ["patronymic" if is_patronymic(latin) else "" for latin in folded]
    others = [place for place, label in enumerate(labels) if not label]
    patronymics = [place for place, label in enumerate(labels) if label]
    unmet = (Relation.DIFFERENT, Relation.MISSING)
    if len(others) != 2 or len(patronymics) > 1 or all(parts[place].relation in unmet for place in others):
        return labels
    listed = [place for place in others if is_given_name(folded[place]) or is_given_name(_fold(parts[place].stated))]
    given: int | None = listed[0] if len(listed) == 1 else None
    if patronymics and parts[patronymics[0]].given and all(parts[place].given for place in others):
        before = patronymics[0] - 1
        given = before if before in others else given
    if given is not None:
        labels[given] = "given name"
        labels[next(place for place in others if place != given)] = "surname"
    return labels


def _fold(written: str) -> str:
    return "".join(part.latin for part in read_words(written).parts)


def _say(part: NamePartMatch, label: str, given_place: str, stated_place: str) -> str:
    given, stated = _cut(part.given), _cut(part.stated)
    name = label or f"name part “{given or stated}”"
    pair = f"({given}, {stated})" if label else f"against “{stated}”"
    match part.relation:
        case Relation.SAME:
            return f"{name} same"
        case Relation.TRANSLITERATED:
            return f"{name} same after transliteration" + (f" {pair}" if not label else "")
        case Relation.SPELLING:
            return f"{name} another spelling {pair}"
        case Relation.KNOWN_VARIANT:
            return f"{name} a known variant {pair}"
        case Relation.INITIAL:
            return f"{name} agrees with an initial {pair}" if label else f"{name} and “{stated}” agree as initials"
        case Relation.MISSING:
            return f"{name} only {given_place if part.given else stated_place}"
        case Relation.DIFFERENT if not are_comparable(part.given, part.stated):
            return f"{name} not clearly the same across scripts {pair}"
        case Relation.DIFFERENT:
            return f"{name} differs {pair}"


def _cut(written: str) -> str:
    return written if len(written) <= _SHOWN else f"{written[: _SHOWN - 1]}…"
