"""FollowTheMoney entities → profiles, with a sentence for everything that does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, Final

from agent.domain.reference import Profile
from agent.domain.taxonomy import PartyKind
from agent.errors import ReferenceInvalid
from retrieval.ingest.countries import country_code

KINDS: Final = MappingProxyType(
    {
        "Person": PartyKind.PERSON,
        "Company": PartyKind.ORGANISATION,
        "Organization": PartyKind.ORGANISATION,
        "PublicBody": PartyKind.ORGANISATION,
        "LegalEntity": PartyKind.UNKNOWN,
    }
)
"""Schema → what the party is; a LegalEntity may be either."""
_OTHER_WORDS: Final = """
    Address Airplane Article Asset Assessment Associate Audio BankAccount Call CallForTenders Contract ContractAward
    CourtCase CourtCaseParty CryptoWallet Debt Directorship Document EconomicActivity Email Employment Event Family
    Folder HyperText Identification Image Interest Interval License Membership Mention Message Note Occupancy Ownership
    Package Page Pages Passport Payment PlainText Position Post Project ProjectParticipant RealEstate Representation
    Sanction Security Similar Succession Table TaxRoll Thing Trip UnknownLink UserAccount Value Vehicle Vessel Video
    Workbook
"""
_OTHER_SCHEMAS: Final = frozenset(_OTHER_WORDS.split())
"""Things, events and relations: sound rows of a list, but no parties."""
_IDENTIFIER_WORDS: Final = """
    idNumber passportNumber socialSecurityNumber taxNumber vatCode innCode ogrnCode kppCode registrationNumber leiCode
    swiftBic dunsCode uniqueEntityId permId imoNumber wikidataId
"""
IDENTIFIERS: Final = tuple(_IDENTIFIER_WORDS.split())

_NAMES: Final = ("name", "alias", "previousName", "abbreviation")
_NAME, _PHRASE, _TEXT = 300, 200, 4_000
"""Longest name, phrase and notes of a profile, in characters."""
_DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


class NoParty(ReferenceInvalid):
    """A sound entity that is no person or organisation: an address, a ship, a sanction."""


class _Entity:
    """One entity's properties, and what had to be left out of them."""

    def __init__(self, properties: dict[str, Any]) -> None:
        self._properties = properties
        self.losses: list[str] = []

    def values(self, *names: str) -> list[str]:
        """The distinct values of these properties, in order; a single string counts as a list of one."""
        found: dict[str, None] = {}
        for name in names:
            given = self._properties.get(name, [])
            for value in given if isinstance(given, list) else [given]:
                if isinstance(value, str):
                    found[" ".join(value.split())] = None
                elif (loss := f"a value of {name!r} that is no text") not in self.losses:
                    self.losses.append(loss)
        return [value for value in found if value]

    def countries(self, limit: int, *names: str) -> tuple[str, ...]:
        codes: dict[str, None] = {}
        for value in self.values(*names):
            code = country_code(value)
            if code is None:
                self.losses.append(f"country {value[:40]!r} is not in ISO 3166-1")
            else:
                codes[code] = None
        return self.first(list(codes), limit, "countries")

    def first(self, values: list[str], limit: int, what: str) -> tuple[str, ...]:
        if len(values) > limit:
            self.losses.append(f"{len(values) - limit} of {len(values)} {what}")
        return tuple(values[:limit])

    def short(self, values: Iterable[str], longest: int, what: str) -> list[str]:
        """The values that fit; half a name or number would be another one, so longer ones are left out whole."""
        kept = []
        for value in values:
            if len(value) <= longest:
                kept.append(value)
            else:
                self.losses.append(f"{what} of {len(value)} characters")
        return kept

    def cut(self, text: str, longest: int, what: str) -> str:
        if len(text) <= longest:
            return text
        self.losses.append(f"the end of {what} ({len(text):,} characters, {longest:,} fit)")
        return text[: longest - 1].rstrip() + "…"


def profile_from_entity(row: dict[str, Any]) -> tuple[Profile, list[str]]:
    """The entity as a profile, and what was left out of it, in words.

    Raises NoParty for FollowTheMoney's other schemas, ReferenceInvalid when the schema is unknown or no name is given,
    and ValueError (pydantic) when a value cannot stand in a profile.
    """
    kind = _kind(row.get("schema"))
    properties = row.get("properties")
    if not isinstance(properties, dict):
        raise ReferenceInvalid("properties are missing")
    entity = _Entity(properties)
    name, aliases, weak_aliases = _names(entity, row.get("caption"))
    birth_date, births = _date(entity.values("birthDate"), "birth")
    death_date, deaths = _date(entity.values("deathDate"), "death")
    notes = [*births, *deaths, *entity.values("notes", "description", "summary")]
    positions = [entity.cut(value, _PHRASE, "a position") for value in entity.values("position", "title")]
    profile = Profile(
        profile_id=row.get("id"),  # type: ignore[arg-type]  # pydantic says what is wrong with it
        name=name,
        kind=kind,
        aliases=entity.first(aliases, 200, "aliases"),
        weak_aliases=entity.first(weak_aliases, 200, "weak aliases"),
        birth_date=birth_date,
        death_date=death_date,
        nationalities=entity.countries(20, "nationality", "citizenship"),
        countries=entity.countries(50, "country", "jurisdiction", "mainCountry"),
        positions=entity.first(positions, 50, "positions"),
        topics=entity.first(entity.short(entity.values("topics"), _PHRASE, "a topic"), 50, "topics"),
        identifiers=_identifiers(entity),
        notes=entity.cut(" ".join(notes), _TEXT, "the notes"),
        source=_source(row.get("datasets")),
    )
    return profile, entity.losses


def _kind(schema: object) -> PartyKind:
    kind = KINDS.get(schema) if isinstance(schema, str) else None
    if kind is None:
        refusal = NoParty if isinstance(schema, str) and schema in _OTHER_SCHEMAS else ReferenceInvalid
        raise refusal(f"schema {str(schema)[:40]!r} is no person or organisation")
    return kind


def _names(entity: _Entity, caption: object) -> tuple[str, list[str], list[str]]:
    """The main name (the list's caption where it is one of the names), the others, and those the list calls weak."""
    names = entity.short(entity.values(*_NAMES), _NAME, "a name")
    weak = entity.short(entity.values("weakAlias"), _NAME, "a weak name")
    if not names:
        parts = " ".join(entity.values("firstName") + entity.values("secondName") + entity.values("lastName"))
        names = entity.short([parts] if parts else [], _NAME, "a name") or weak[:1]
    if not names:
        raise ReferenceInvalid("it has no name")
    strong = {name.casefold() for name in names}
    weak = [name for name in weak if name.casefold() not in strong]
    if isinstance(caption, str) and caption.casefold() in strong:
        return caption, [name for name in names if name.casefold() != caption.casefold()], weak
    return names[0], names[1:], weak


def _date(values: list[str], of: str) -> tuple[str | None, list[str]]:
    """The date as far as all values agree on it; where they do not, the notes say what is on file."""
    dates = [value[:10] for value in values if _DATE.fullmatch(value[:10])]
    longest = max(dates, key=len, default=None)
    if longest is not None and len(dates) == len(values) and all(longest.startswith(date) for date in dates):
        return longest, []
    months, years = {date[:7] for date in dates}, {date[:4] for date in dates}
    agreed = min(months) if len(months) == 1 else min(years) if len(years) == 1 else None
    return agreed, [f"Dates of {of} on file: {', '.join(values)}."] if values else []


def _source(lists: object) -> str:
    """The lists the entity stands on: as many names as fit, and how many more."""
    names = [name for name in lists if isinstance(name, str)] if isinstance(lists, list) else []
    for shown in range(len(names), 0, -1):
        more = f" and {len(names) - shown} more" if shown < len(names) else ""
        if len(joined := ", ".join(names[:shown]) + more) <= _PHRASE:
            return joined
    return ""


def _identifiers(entity: _Entity) -> dict[str, str]:
    """Identifier name → number; a second number of one sort gets the name with a 2."""
    numbered = {
        name if place == 0 else f"{name} {place + 1}": value
        for name in IDENTIFIERS
        for place, value in enumerate(entity.short(entity.values(name), _PHRASE, f"an {name}"))
    }
    kept = entity.first(list(numbered), 50, "identifiers")
    return {name: numbered[name] for name in kept}
