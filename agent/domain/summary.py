"""RiskSummary: what a drafter returns. Fields marked ``filled by code`` are never asked of a model."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from agent.domain.base import Country, Currency, Frozen, Id, Line, LocalId, Name, PartialDate, Phrase, QuoteText
from agent.domain.taxonomy import (
    CounterEvidenceKind,
    FeatureName,
    FeatureVerdict,
    IdentityVerdict,
    Offence,
    PartyKind,
    Role,
    SourceKind,
    Stage,
)

FILLED_BY_CODE = "x-filled-by-code"
"""Schema key of the fields that code fills and a model never sees."""

_BY_CODE: dict[str, Any] = {FILLED_BY_CODE: True}
NarrativeText = Annotated[str, StringConstraints(max_length=2_000)]


class Quote(Frozen):
    """Words of the article. ``text`` is the article's own slice once grounded; no offsets means it was not found."""

    text: QuoteText
    sentence: LocalId | None = None
    start: int | None = Field(default=None, ge=0, json_schema_extra=_BY_CODE)
    end: int | None = Field(default=None, ge=0, json_schema_extra=_BY_CODE)


Quotes = Annotated[tuple[Quote, ...], Field(max_length=8)]


class Identifier(Frozen):
    """Something the article states of a party: an age, a nationality, an occupation."""

    id: LocalId
    name: FeatureName
    value: Phrase
    quotes: Quotes = ()


class Party(Frozen):
    """A person or organisation the article names, and the part it plays."""

    id: LocalId
    name: Name
    kind: PartyKind
    role: Role
    aliases: tuple[Name, ...] = Field(default=(), max_length=12)
    identifiers: tuple[Identifier, ...] = Field(default=(), max_length=12)
    quotes: Quotes = ()


class IdentityFeature(Frozen):
    """One attribute compared: what the alert or profile gives, what the article states."""

    name: FeatureName
    given: Phrase | None = None
    stated: Phrase | None = None
    verdict: FeatureVerdict


class Identity(Frozen):
    """Whether the article's party is the alert's subject, attribute by attribute."""

    verdict: IdentityVerdict
    features: tuple[IdentityFeature, ...] = Field(default=(), max_length=20)


class EventDate(Frozen):
    """A date as the article writes it; ``iso`` only when the words themselves make it certain."""

    text: Phrase
    iso: PartialDate | None = None


class Amount(Frozen):
    """An amount as the article writes it, with value and ISO 4217 currency when certain."""

    text: Phrase
    value: float | None = None
    currency: Currency | None = None


class Event(Frozen):
    """Something held against one or more parties, and how far it got in law."""

    id: LocalId
    offences: tuple[Offence, ...] = Field(min_length=1, max_length=8)
    stage: Stage
    in_absentia: bool
    final: bool
    parties: tuple[LocalId, ...] = Field(default=(), max_length=12)
    claim: Line
    date: EventDate | None = None
    jurisdiction: Country | None = None
    authority: Phrase | None = None
    amounts: tuple[Amount, ...] = Field(default=(), max_length=8)
    quotes: Quotes = ()


class CounterEvidence(Frozen):
    """What speaks for the other side, and who says it."""

    id: LocalId
    kind: CounterEvidenceKind
    by: Phrase
    claim: Line
    quotes: Quotes = ()


class SourceAssessment(Frozen):
    """What sort of source the article is, as far as its own words tell."""

    kind: SourceKind = SourceKind.UNKNOWN
    attributed_to: tuple[Phrase, ...] = Field(default=(), max_length=10)
    note: Line = ""


class PrecedentNote(Frozen):
    """A precedent the draft refers to, what is alike and what differs."""

    id: Id
    alike: Line
    differs: Line


class RiskSummary(Frozen):
    """A structured risk summary of one article. It holds no recommendation: code computes that."""

    parties: tuple[Party, ...] = Field(default=(), max_length=30)
    subject_party: LocalId | None = None
    identity: Identity = Field(default=Identity(verdict=IdentityVerdict.UNKNOWN_SUBJECT), json_schema_extra=_BY_CODE)
    events: tuple[Event, ...] = Field(default=(), max_length=24)
    counter_evidence: tuple[CounterEvidence, ...] = Field(default=(), max_length=24)
    source_assessment: SourceAssessment = SourceAssessment()
    narrative: NarrativeText = ""
    missing_information: tuple[Line, ...] = Field(default=(), max_length=12)
    next_steps: tuple[Line, ...] = Field(default=(), max_length=12)
    precedents: tuple[PrecedentNote, ...] = Field(default=(), max_length=10)


def draft_schema() -> dict[str, Any]:
    """The JSON Schema a model is asked to fill: RiskSummary without what code fills, every field required."""
    schema = RiskSummary.model_json_schema()
    definitions = {name: _for_model(body) for name, body in schema.pop("$defs").items()}
    root = _for_model(schema)
    used = _referenced(root, definitions)
    return {**root, "$defs": {name: body for name, body in definitions.items() if name in used}}


def _for_model(node: dict[str, Any]) -> dict[str, Any]:
    """A schema node without titles, defaults and code-filled properties; objects closed and fully required."""
    kept = {key: part for key, part in node.items() if key not in {"default", "title"}}
    if "properties" in kept:
        properties = {
            name: _for_model(body) for name, body in kept["properties"].items() if not body.get(FILLED_BY_CODE)
        }
        kept |= {"properties": properties, "required": list(properties), "additionalProperties": False}
    if isinstance(kept.get("items"), dict):
        kept["items"] = _for_model(kept["items"])
    if "anyOf" in kept:
        kept["anyOf"] = [_for_model(part) for part in kept["anyOf"]]
    return kept


def _referenced(schema: dict[str, Any], definitions: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    queue: list[Any] = [{key: part for key, part in schema.items() if key != "$defs"}]
    while queue:
        node = queue.pop()
        if isinstance(node, list):
            queue.extend(node)
        elif isinstance(node, dict):
            target = node.get("$ref")
            if isinstance(target, str):
                name = target.rsplit("/", 1)[-1]
                if name not in found:
                    found.add(name)
                    queue.append(definitions[name])
            queue.extend(node.values())
    return found
