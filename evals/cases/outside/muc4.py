"""News reports of 1988–91 with annotated perpetrators and victims: who did it, and to whom it was done.

The texts are in lower case, as published. They are run as they are, and once more with sentence starts and annotated
names in capitals, which gives casing away and no role. Only annotated parties with a proper name are asked for: a
description such as ``two peasants`` is no party that an alert could be about. A name on both sides is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal

from agent.domain.taxonomy import ADVERSE_ROLES, PartyKind, Role
from evals.cases.case import Split
from evals.cases.gold import GoldParty
from evals.cases.outside.adverse_media import FILE as ARTICLES
from evals.cases.outside.adverse_media import ArticleRow
from evals.cases.outside.figures import Asked, Measured, Told, count_failed, cross, measure_scores, ratios, run_drawn
from evals.cases.outside.press_releases import FILE as RELEASES
from evals.cases.outside.press_releases import ReleaseRow
from evals.cases.outside.rows import Drawn, Row, build_drawn, draw, fold, make_entry, part_rows, read_rows
from evals.probes.figures import ProbeFigure
from evals.scoring.roles import is_inverted

NAME: Final = "muc4"
FILE: Final = "muc4_roles.jsonl"
FULL_RELEASES: Final = "doj_opa_2009_full.jsonl"


Side = Literal["perpetrator", "victim"]
"""Which side of a deed an annotator put a party on."""
SIDES: Final[dict[str, Side]] = {"PerpInd": "perpetrator", "PerpOrg": "perpetrator", "Victim": "victim"}
"""Annotated slot → side."""
_ROLES: Final[dict[Side, tuple[Role, ...]]] = {
    "perpetrator": (Role.OFFENDER, Role.ACCUSED, Role.SUSPECT),
    "victim": (Role.VICTIM,),
}
_PUBLISHED, _CAPITALS = "as published", "in capitals"
_SUFFIX: Final = "--capitals"
_FORMS: Final = (_PUBLISHED, _CAPITALS)
_DESCRIBES: Final = re.compile(
    r"\b(an?|the|of|or|and|other|who|one|two|three|four|groups?|members?|wearing)\b"
    r"|(illas|ists|[^d]ers|men|patrols|columns|units|commando(e?s)?|corps|hoods)$"
)


class ReportRow(Row):
    """One report with its annotated parties: each the spellings of one."""

    text: str
    roles: Mapping[str, tuple[tuple[str, ...], ...]]


class _FullRelease(Row):
    body: str


@dataclass(frozen=True, slots=True)
class NamedParty:
    """A person or organisation with a proper name, and the side an annotator put it on."""

    side: Side
    organisation: bool
    variants: tuple[str, ...]


def count_common_words(texts: Iterable[str]) -> frozenset[str]:
    """Words that cased texts write in small letters more than once: no proper name by themselves."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(re.findall(r"\b[a-z]{2,}\b", text)))
    return frozenset(word for word, count in counts.items() if count >= 2)


def name_parties(roles: Mapping[str, Sequence[Sequence[str]]], common: frozenset[str]) -> list[NamedParty]:
    """The named parties of a report; a name that stands on both sides is left out."""
    found = []
    for slot, side in SIDES.items():
        for spellings in roles.get(slot, ()):
            organisation = slot == "PerpOrg"
            variants = tuple(text for text in spellings if _is_name(text, organisation, common))
            if variants:
                found.append(NamedParty(side, organisation, variants))
    sides: dict[str, set[Side]] = {}
    for party in found:
        for variant in party.variants:
            sides.setdefault(" ".join(fold(variant)), set()).add(party.side)
    return [party for party in found if all(len(sides[" ".join(fold(text))]) == 1 for text in party.variants)]


def capitalise(text: str, parties: Sequence[NamedParty]) -> str:
    """The text with sentence starts and the parties' names in capitals: casing is given away, the role is not."""
    text = re.sub(r"(^|[.!?]\s+|\n\s*)([a-z])", lambda match: match[1] + match[2].upper(), text)
    spellings = {variant: party.organisation for party in parties for variant in party.variants}
    parts = {part for variant, organisation in spellings.items() if not organisation for part in variant.split()}
    spellings |= {part: False for part in parts if len(part) > 3}
    for variant in sorted(spellings, key=len, reverse=True):
        acronym = spellings[variant] and re.fullmatch(r"[a-z]{2,5}", variant)
        written = variant.upper() if acronym else variant.title()
        text = re.sub(rf"(?<!\w){re.escape(variant)}(?!\w)", written.replace("\\", ""), text, flags=re.IGNORECASE)
    return text


def draw_reports(folder: Path, split: Split, limit: int | None) -> Drawn:
    """The reports of a part that name a perpetrator or a victim, each in both forms. Raises OutsideInvalid.

    What is a common word and no name is learnt from the cased texts of the other sets.
    """
    cased = chain(
        (row.text for row in read_rows(folder / ARTICLES, ArticleRow)),
        (row.lead for row in read_rows(folder / RELEASES, ReleaseRow)),
        (row.body for row in read_rows(folder / FULL_RELEASES, _FullRelease)),
    )
    common = count_common_words(cased)
    kept, left_out = part_rows(read_rows(folder / FILE, ReportRow), split, lambda row: row.id, lambda row: row.text)
    named = [(row, parties) for row in kept if (parties := name_parties(row.roles, common))]
    left_out["no perpetrator or victim has a proper name"] = len(kept) - len(named)
    drawn = draw(named, limit, lambda pair: pair[0].id)
    return build_drawn((_enter(row, parties, form) for form in _FORMS for row, parties in drawn), split, left_out)


@dataclass(frozen=True, slots=True)
class _Cast:
    """An annotated party, and the role the draft gives it; ``role`` None where it does not name it."""

    told: Told
    party: GoldParty
    role: Role | None

    @property
    def side(self) -> Side:
        return "victim" if self.party.roles == _ROLES["victim"] else "perpetrator"

    @property
    def matched(self) -> bool:
        """Whether it counts among the matched; where the draft failed it does, as a wrong one."""
        return self.role is not None or self.told.failed

    @property
    def right(self) -> bool:
        return self.role in self.party.roles

    @property
    def inverted(self) -> bool:
        return self.told.failed or (self.role is not None and is_inverted(self.role, self.party))


def measure_reports(folder: Path, asked: Asked) -> Measured:
    """Run the reports without a named subject, and hold the drafted roles against the annotated sides."""
    drawn = draw_reports(folder, asked.split, asked.limit)
    told = run_drawn(drawn, asked)
    figures: list[ProbeFigure] = []
    tables = []
    for form in _FORMS:
        cast = [one for report in told if _form(report) == form for one in _cast(report)]
        matched = [one for one in cast if one.matched]
        figures += [
            *_by_side(f"{form}: party named in the draft", cast, lambda one: one.role is not None),
            *_by_side(f"{form}: role right, of the parties named", matched, lambda one: one.right),
            *_by_side(f"{form}: role right, of all parties", cast, lambda one: one.right),
            *_by_side(f"{form}: role inverted, of the parties named", matched, lambda one: one.inverted, bad=True),
        ]
        pairs = [(one.side, _role(one)) for one in cast]
        tables.append(cross(f"{form}: annotated side and drafted role", pairs, sorted(ADVERSE_ROLES)))
    everybody = [one for report in told for one in _cast(report)]
    wrong = {"victim": "victim drafted as accused", "perpetrator": "perpetrator drafted as harmed or cleared"}
    return Measured(
        NAME,
        asked.split,
        len(told),
        "texts, each report in two forms",
        count_failed(told),
        drawn.left_out,
        [*figures, *measure_scores(NAME, "failed", told, "failed", bad=True)],
        tables,
        {
            what: list(dict.fromkeys(one.told.case.id for one in everybody if one.side is side and one.inverted))
            for side, what in wrong.items()
        },
    )


def _form(told: Told) -> str:
    return _CAPITALS if told.case.id.endswith(_SUFFIX) else _PUBLISHED


def _cast(told: Told) -> Iterator[_Cast]:
    for party, (_, role) in zip(told.case.gold.parties or (), told.score.roles, strict=True):
        yield _Cast(told, party, role)


def _role(one: _Cast) -> str:
    if one.told.failed:
        return "failed"
    return str(one.role) if one.role is not None else "not named"


def _by_side(
    what: str, cast: Sequence[_Cast], found: Callable[[_Cast], bool], *, bad: bool = False
) -> list[ProbeFigure]:
    """The share of the parties for which ``found`` holds, on each side and over both; reports are the clusters."""
    return ratios(NAME, what, [(one.side, float(found(one)), 1.0, one.told.case.subject) for one in cast], bad=bad)


def _is_name(text: str, organisation: bool, common: frozenset[str]) -> bool:
    """An organisation needs one word that is no common word; a person two words, the last of them no common one."""
    tokens = fold(text)
    rare = [token for token in tokens if token not in common and len(token) > 2]
    if organisation:
        return bool(rare)
    return len(tokens) > 1 and tokens[-1] in rare and not _DESCRIBES.search(" ".join(tokens))


def _enter(row: ReportRow, parties: Sequence[NamedParty], form: str) -> dict[str, Any]:
    listed = [
        {
            "id": f"P{number}",
            "name": party.variants[0],
            "aliases": list(party.variants[1:13]),
            "kind": PartyKind.ORGANISATION if party.organisation else PartyKind.PERSON,
            "roles": list(_ROLES[party.side]),
        }
        for number, party in enumerate(parties, start=1)
    ]
    if form == _PUBLISHED:
        return make_entry(row.id, row.id, {"text": row.text, "language": "en"}, {"parties": listed})
    text = capitalise(row.text, parties)
    return make_entry(f"{row.id}{_SUFFIX}", row.id, {"text": text, "language": "en"}, {"parties": listed})
