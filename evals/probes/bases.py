"""Bases into cases: each variant of a base as an alert with its parties, told of a man or of a woman."""

from __future__ import annotations

from typing import Any

from evals.cases.case import Case, Shape, Split
from evals.cases.files import read_case
from evals.cases.gold import Truth
from evals.probes.files import Base, BaseParty, NameTable, Sex, Variant, fill


def build_case(base: Base, variant: Variant, names: NameTable, sex: Sex | None = None) -> Case:
    """The alert of a variant, its gold the parties alone; ``sex`` where the base's usual one is not meant.

    Raises ProbesInvalid for a slot without words and CaseInvalid for what is no alert.
    """
    usual = base.gender.usual if base.gender is not None else base.sex
    told = sex or usual
    where = f"probe {base.id}, {variant.id}"
    words = dict(names.genders[told]) if told is not None else {}
    if base.gender is not None:
        words["given"] = base.gender.m if told == "m" else base.gender.f

    def say(text: str) -> str:
        return fill(text, words, where)

    def tell(party: BaseParty, party_id: str, roles: Any) -> dict[str, Any]:
        return {
            "id": party_id,
            "name": say(party.name),
            "aliases": [say(alias) for alias in party.aliases],
            "kind": party.kind,
            "roles": list(roles),
        }

    slots = {name: say(text) for name, text in variant.slots.items()}
    article = {name: fill(text, words | slots, where) for name, text in base.article.items()}
    if variant.language is not None:
        article["language"] = variant.language
    subject = {name: say(value) if isinstance(value, str) else value for name, value in base.subject.items()}
    suffix = f"--{sex}" if sex is not None and sex != usual else ""
    row = {
        "id": f"{base.id}--{variant.id}{suffix}",
        "shape": Shape.OUTSIDE,
        "subject": base.id,
        "truth": Truth.OPEN,
        "note": f"A probe: the {base.respect} is {variant.id}.",
        "alert": {"subject": subject, "article": article, "received_at": base.received_at.isoformat()},
        "gold": {
            "parties": [
                tell(base.party, "P1", variant.roles or base.party.roles),
                *(tell(one, f"P{number}", one.roles) for number, one in enumerate(base.others, start=2)),
            ],
            "subject_party": "P1",
        },
    }
    return read_case(row, Split.DEV, where)


def build_cases(base: Base, names: NameTable) -> dict[str, Case]:
    """Variant → its case."""
    return {variant.id: build_case(base, variant, names) for variant in base.variants}
