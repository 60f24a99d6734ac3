"""What of a profile or a precedent is embedded: never a profile's names, never how a precedent ended.

Names are found by the name route; in a descriptive text they would only drown what the person does. A precedent's text
must not carry its outcome: cases would be found because they ended alike, and the drafter would copy the ending.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from babel import Locale

from agent.domain.reference import Precedent, PrecedentQuery, Profile
from agent.domain.taxonomy import Offence, PartyKind, Role, SourceKind, Stage

TOPIC_WORDS: Final = MappingProxyType(
    {
        "sanction": "sanctioned",
        "sanction.linked": "linked to a sanctioned party",
        "sanction.counter": "under counter-sanctions",
        "asset.frozen": "assets frozen",
        "debarment": "debarred from contracts",
        "wanted": "wanted by the police",
        "poi": "person of interest",
        "role.pep": "politically exposed person",
        "role.pol": "politician",
        "role.rca": "relative or close associate of a politician",
        "role.judge": "judge",
        "role.civil": "civil servant",
        "role.diplo": "diplomat",
        "role.lawyer": "lawyer",
        "role.journo": "journalist",
        "role.act": "activist",
        "role.spy": "spy",
        "role.lobby": "lobbyist",
        "role.oligarch": "oligarch",
        "gov.soe": "state-owned enterprise",
        "gov.igo": "international organisation",
        "corp.offshore": "offshore company",
        "corp.shell": "shell company",
        "corp.disqual": "disqualified director",
        "reg.action": "regulatory action",
        "reg.warn": "regulator's warning",
        "export.control": "under export control",
        "export.risk": "trade risk",
        "fin": "financial services",
        "fin.bank": "bank",
        "mil": "military",
        "crime": "crime",
        "crime.boss": "head of a criminal group",
        "crime.cyber": "cybercrime",
        "crime.env": "environmental crime",
        "crime.fin": "financial crime",
        "crime.fraud": "fraud",
        "crime.terror": "terrorism",
        "crime.theft": "theft",
        "crime.traffick": "trafficking",
        "crime.traffick.drug": "drug trafficking",
        "crime.traffick.human": "human trafficking",
        "crime.war": "war crimes",
    }
)
"""FollowTheMoney topic → words an embedding model knows; an unlisted topic is read by its own parts."""

# How a bank says that an alert ended. Legal outcomes ("acquitted", "charges dismissed") are facts of the case and stay.
_OUTCOME: Final = re.compile(
    r"""\b(?:
        (?:true|false)[ _-](?:positive|match|hit)s? | true[ _]match[ _](?:not[ _])?material | (?:non|no)[ -]match
      | not[ _-](?:adverse|material|relevant) | immaterial | non-material | materially[ ]adverse
      | (?:is|was|as|be|found|judged|considered|deemed|assessed|decided|outcome:?|decision:?)[ ]material(?!\ssupport)
      | not[ _](?:the|our|a)[ _](?:subject|customer|client|match) | needs[ _]information
      | disposition(?:ed)? | reason[ _]code | (?:sar|suspicious[ ]activity[ ]report)[ ](?:was[ ])?filed
      | (?:alert|hit)[ ](?:was[ ]|is[ ]|has[ ]been[ ])?(?:closed|cleared|escalated|dismissed|discounted|confirmed)
      | (?:closed|cleared|escalated|dismissed|discounted|confirmed)[ ](?:the[ ]|this[ ]|our[ ])(?:alert|hit|match)
      | (?:closed|cleared|discounted)[ ]as | escalated?[ ]to[ ](?:compliance|level|the[ ]mlro|mlro)
      | relationship[ ]exited
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_KIND_WORDS: Final = MappingProxyType(
    {
        PartyKind.PERSON: "A person",
        PartyKind.ORGANISATION: "An organisation",
        PartyKind.UNKNOWN: "A person or organisation",
    }
)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?;…。])\s+|\n+")
_SPACES: Final = re.compile(r"\s+")
_SHORTEST_NAME_PART: Final = 3


def describe_profile(profile: Profile) -> str:
    """The text a profile is embedded as: what it is, does, where, and the notes, without its names.

    Birth dates and identifiers stay out as well: they are compared by code, and vectors do not order them.
    """
    lines = [
        _KIND_WORDS[profile.kind],
        _listed("Positions", profile.positions),
        _listed("Employer", [profile.employer] if profile.employer else []),
        _listed("Known as", [_topic_words(topic) for topic in profile.topics]),
        _listed("Nationality", [country_name(code) for code in profile.nationalities]),
        _listed("Countries", [country_name(code) for code in profile.countries]),
        profile.notes,
    ]
    text = ". ".join(line.rstrip(". ") for line in lines if line) + "."
    return _plain(_without_names(text, profile))


def describe_precedent(precedent: Precedent) -> str:
    """The text a precedent is embedded as; sentences of its summary that say how the alert ended are left out."""
    return _describe_case(
        precedent.subject_name,
        precedent.offences,
        precedent.stages,
        precedent.role,
        precedent.source_kind,
        without_outcome(precedent.summary),
    )


def describe_query(query: PrecedentQuery) -> str:
    """The text to search precedents with, in the shape of ``describe_precedent``."""
    return _describe_case(
        query.subject_name, query.offences, query.stages, query.role, query.source_kind, without_outcome(query.text)
    )


def without_outcome(text: str) -> str:
    """The text without the sentences that tell how an alert was closed."""
    kept = [sentence for sentence in _SENTENCE_END.split(text) if not _OUTCOME.search(sentence)]
    return " ".join(sentence for sentence in kept if sentence.strip())


def in_words(value: Offence | Stage | Role | SourceKind) -> str:
    """An enum's value as a person reads it."""
    return value.value.replace("_", " ")


def _describe_case(
    subject: str | None,
    offences: Iterable[Offence],
    stages: Iterable[Stage],
    role: Role,
    source_kind: SourceKind,
    summary: str,
) -> str:
    lines = [
        _listed("Subject", [subject] if subject else []),
        _listed("Offences", sorted(map(in_words, set(offences)))),
        _listed("Stages", sorted(map(in_words, set(stages) - {Stage.UNDETERMINED}))),
        _listed("Role", [in_words(role)] if role is not Role.UNDETERMINED else []),
        _listed("Source", [in_words(source_kind)] if source_kind is not SourceKind.UNKNOWN else []),
        summary,
    ]
    return _plain(". ".join(line.rstrip(". ") for line in lines if line) + ".")


def _listed(label: str, values: Iterable[str]) -> str:
    joined = ", ".join(values)
    return f"{label}: {joined}" if joined else ""


def _topic_words(topic: str) -> str:
    return TOPIC_WORDS.get(topic, topic.replace(".", " ").replace("_", " "))


@lru_cache(maxsize=1)
def _territories() -> dict[str, str]:
    return dict(Locale("en").territories)


def country_name(code: str) -> str:
    """A country as a person reads it; an unlisted code stays as it is."""
    return _territories().get(code, code)


def _without_names(text: str, profile: Profile) -> str:
    """The text with the profile's full names, and the parts of a person's main name, taken out."""
    names = {profile.name, *profile.aliases}
    if profile.kind is PartyKind.PERSON:
        names |= {part for part in profile.name.split() if len(part.strip(".,")) >= _SHORTEST_NAME_PART}
    longest_first = sorted((name.strip(" .,") for name in names), key=len, reverse=True)
    pattern = "|".join(re.escape(name) for name in longest_first if name)
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", "", text, flags=re.IGNORECASE) if pattern else text


def _plain(text: str) -> str:
    """One line without control characters: Chroma and the tokenizer read the same words as a person."""
    visible = "".join(" " if unicodedata.category(char) in {"Cc", "Cs"} else char for char in text)
    return _SPACES.sub(" ", visible).strip()
