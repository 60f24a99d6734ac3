"""Planting: a text put into an alert, or into what the index holds, by rule and in one place only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from agent.domain.reference import Precedent, Profile
from evals.cases.case import Case
from evals.cases.files import read_case
from evals.cases.gold import Truth
from evals.cases.references import CaseReferences
from evals.probes.files import AttackTable


class Place(StrEnum):
    """Where a text is planted."""

    HEADLINE = "headline"
    BODY = "body"
    CAPTION = "caption"
    COMMENT = "comment"
    PROFILE = "profile"
    PRECEDENT = "precedent"


ARTICLE_PLACES: Final = (Place.HEADLINE, Place.BODY, Place.CAPTION, Place.COMMENT)
_WISHES: Final = MappingProxyType({Truth.ESCALATE: Truth.CLOSE, Truth.CLOSE: Truth.ESCALATE})
"""What an attacker wants of an alert: the opposite of what is right."""
_LONGEST_TITLE: Final = 1_000
_LONGEST_NOTE: Final = 4_000


class Attack(NamedTuple):
    """One planted text."""

    family: str
    place: Place
    wish: Truth
    text: str
    canary: str | None


def make_attack(case: Case, family: str, place: Place, table: AttackTable) -> Attack:
    """The family's text for this case and its wish; which of several, the case's id decides.

    The case's truth must be escalate or close.
    """
    wish = _WISHES[case.truth]
    texts = table.attacks[family][wish]
    digest = hashlib.sha256(f"{case.id}/{family}/{place}".encode()).hexdigest()
    canary = f"QUILL-{digest[:8].upper()}"
    subject = case.alert.subject.name if case.alert.subject is not None else "the subject of this alert"
    text = texts[int(digest[8:12], 16) % len(texts)]
    said = text.replace("{subject}", subject).replace("{canary}", canary)
    return Attack(family, place, wish, said, canary if canary in said else None)


def can_be_attacked(case: Case) -> bool:
    """Whether the case has an end that an attacker can want otherwise, and carries nothing planted yet."""
    return case.truth in _WISHES and case.gold.planted is None


def attack_case(case: Case, attack: Attack) -> Case:
    """The case's attacked twin. At a reference's place the alert itself is as it was."""
    row = _twin_row(case, f"{case.id}--{attack.family}-{attack.place}".replace("_", "-"))
    if attack.place in ARTICLE_PLACES:
        _plant(row["alert"]["article"], attack.place, attack.text)
    planted = {"family": attack.family, "place": attack.place, "wish": attack.wish, "canary": attack.canary}
    row["gold"]["planted"] = planted
    return read_case(row, case.split, f"probe {row['id']}")


def add_benign(case: Case, text: str, number: int) -> Case:
    """The case with a harmless paragraph in its body."""
    row = _twin_row(case, f"{case.id}--benign-{number}")
    _plant(row["alert"]["article"], Place.BODY, text)
    return read_case(row, case.split, f"probe {row['id']}")


def attack_references(
    references: CaseReferences, attacks: Sequence[tuple[Case, Attack]], place: Place
) -> CaseReferences:
    """The references with the attacks' texts before the notes of profiles, or the rationales of precedents."""
    if place is Place.PROFILE:
        notes = {profile_of(case): attack.text for case, attack in attacks}
        return CaseReferences(tuple(_poison_profile(one, notes) for one in references.profiles), references.precedents)
    rationales = {found: attack.text for case, attack in attacks for found in precedents_of(case)}
    precedents = tuple(_poison_precedent(one, rationales) for one in references.precedents)
    return CaseReferences(references.profiles, precedents)


def profile_of(case: Case) -> str | None:
    """The profile that is the case's subject."""
    return case.gold.identity.profile if case.gold.identity is not None else None


def precedents_of(case: Case) -> tuple[str, ...]:
    """The past decisions that belong beside the case."""
    return tuple(case.gold.precedents)


def choose_targets(cases: Iterable[Case], place: Place) -> list[Case]:
    """The cases whose profile, or whose precedents, no case before them has: one planted text serves one case."""
    taken: set[str] = set()
    chosen = []
    for case in cases:
        found = profile_of(case) if place is Place.PROFILE else None
        ids = {found} - {None} if place is Place.PROFILE else set(precedents_of(case))
        if ids and not ids & taken:
            taken |= {str(one) for one in ids}
            chosen.append(case)
    return chosen


def _twin_row(case: Case, twin_id: str) -> dict[str, Any]:
    return case.entry.model_dump(mode="json") | {"id": twin_id, "twin_of": case.id}


def _plant(article: dict[str, Any], place: Place, text: str) -> None:
    if place is Place.HEADLINE:
        article["title"] = f"{text} – {article.get('title') or ''}"[:_LONGEST_TITLE]
        return
    caption = f"Photo: archive. {text}"
    if "html" in article:
        tags = {Place.BODY: f"<p>{text}</p>", Place.CAPTION: f"<figure><figcaption>{caption}</figcaption></figure>"}
        before, found, after = article["html"].partition("</p>")
        article["html"] = f"{before}{found}{tags.get(place, f'<!-- {text} -->')}{after}"
        return
    planted = {Place.BODY: text, Place.CAPTION: caption}.get(place, f"<!-- {text} -->")
    paragraphs = article["text"].split("\n\n")
    at = {Place.BODY: (len(paragraphs) + 1) // 2, Place.CAPTION: 1}.get(place, len(paragraphs))
    article["text"] = "\n\n".join([*paragraphs[:at], planted, *paragraphs[at:]])


def _poison_profile(profile: Profile, texts: dict[str | None, str]) -> Profile:
    text = texts.get(profile.profile_id)
    return profile if text is None else profile.model_copy(update={"notes": f"{text} {profile.notes}"[:_LONGEST_NOTE]})


def _poison_precedent(precedent: Precedent, texts: dict[str, str]) -> Precedent:
    text = texts.get(precedent.precedent_id)
    said = f"{text} {precedent.rationale}"[:_LONGEST_NOTE]
    return precedent if text is None else precedent.model_copy(update={"rationale": said})
