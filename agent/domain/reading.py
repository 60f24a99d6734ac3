"""What the deterministic reader found in an article: a Reading is facts about the text, never an opinion."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from agent.domain.alert import Mention, Passage, Sentence
from agent.domain.base import Country, Currency, Frozen, Line, LocalId, Name, PartialDate, Phrase
from agent.domain.taxonomy import (
    CounterEvidenceKind,
    FeatureName,
    Offence,
    PartyKind,
    Role,
    SourceKind,
    Stage,
)


class CueKind(StrEnum):
    """What a cue is a cue of."""

    OFFENCE = "offence"
    STAGE = "stage"
    COUNTER_EVIDENCE = "counter_evidence"


class Cue(Frozen):
    """Words of the article that point to an offence, a legal stage or counter-evidence."""

    kind: CueKind
    value: Phrase
    """The Offence, Stage or CounterEvidenceKind pointed to."""
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    sentence: LocalId
    negated: bool = False


class MarkKind(StrEnum):
    """What about a text makes it look aimed at the reader's software, or hidden from the reader's eye."""

    INSTRUCTION = "instruction"
    ROLE_TAG = "role_tag"
    FAKE_ANSWER = "fake_answer"
    FAKE_DECISION = "fake_decision"
    ENCODED = "encoded"
    HIDDEN_CHARACTERS = "hidden_characters"
    CONTROL_CHARACTERS = "control_characters"
    MIXED_SCRIPTS = "mixed_scripts"


class InjectionMark(Frozen):
    """A stretch of the article that looks planted; shown to the analyst, never obeyed."""

    kind: MarkKind
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: Phrase
    """The stretch with hidden characters written out as U+XXXX."""


class SubjectBasis(StrEnum):
    """How the subject was determined."""

    HEADER = "header"
    INFERRED = "inferred"
    NOT_IN_TEXT = "not_in_text"
    UNDETERMINED = "undetermined"


class StatedAttribute(Frozen):
    """Something the article says of a party that identity can be compared on."""

    name: FeatureName
    value: Phrase
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    sentence: LocalId


class ReadParty(Frozen):
    """A person or organisation of the article with all its mentions."""

    id: LocalId
    name: Name
    aliases: tuple[Name, ...] = Field(default=(), max_length=50)
    kind: PartyKind = PartyKind.UNKNOWN
    role: Role = Role.UNDETERMINED
    role_sentences: tuple[LocalId, ...] = Field(default=(), max_length=10)
    """Sentences that carry the role; empty when the role is undetermined or merely ``mentioned``."""
    attributes: tuple[StatedAttribute, ...] = Field(default=(), max_length=30)
    mentions: tuple[Mention, ...] = Field(default=(), max_length=5_000)


class ReadAmount(Frozen):
    """An amount of money as written, and its value when the rule for it is certain."""

    text: Phrase
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    value: float | None = None
    currency: Currency | None = None


class ReadDate(Frozen):
    """A date as written; ``iso`` only as far as the words themselves say."""

    text: Phrase
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    iso: PartialDate | None = None


class Finding(Frozen):
    """One predicate of one sentence: who, which offences, how far in law."""

    sentence: LocalId
    offences: tuple[Offence, ...] = Field(default=(), max_length=32)
    stage: Stage = Stage.UNDETERMINED
    in_absentia: bool = False
    final: bool = False
    parties: tuple[LocalId, ...] = Field(default=(), max_length=50)
    """Parties it is held against; empty when the sentence does not say or the tie is unclear."""
    victims: tuple[LocalId, ...] = Field(default=(), max_length=50)
    negated: bool = False
    dates: tuple[ReadDate, ...] = Field(default=(), max_length=20)
    amounts: tuple[ReadAmount, ...] = Field(default=(), max_length=20)
    jurisdiction: Country | None = None
    authority: Phrase | None = None
    cue_spans: tuple[tuple[int, int], ...] = Field(default=(), max_length=50)


class CounterFinding(Frozen):
    """A sentence that speaks for the other side, and who says so."""

    kind: CounterEvidenceKind
    sentence: LocalId
    by: Phrase
    """As the article puts it; ``not stated`` when it does not say."""
    interested: bool = False
    """True for the party itself, its lawyer, family or spokesman."""
    parties: tuple[LocalId, ...] = Field(default=(), max_length=50)


class RiskSentence(Frozen):
    """A sentence with an adverse cue about the subject: a draft must cover it or show it as uncovered."""

    sentence: LocalId
    cues: tuple[Phrase, ...] = Field(min_length=1, max_length=20)


class Reading(Frozen):
    """All that the reader found. ``readable`` is False when it could not read the text, with the reason."""

    language: Phrase
    readable: bool
    unreadable_reason: Line | None = None
    complete: bool = True
    """False when parts of the text could not be read; ``notes`` says which."""
    source_kind: SourceKind = SourceKind.UNKNOWN
    source_names: tuple[Phrase, ...] = Field(default=(), max_length=20)
    passages: tuple[Passage, ...] = Field(default=(), max_length=200_000)
    parties: tuple[ReadParty, ...] = Field(default=(), max_length=500)
    subject: LocalId | None = None
    subject_basis: SubjectBasis = SubjectBasis.UNDETERMINED
    ambiguous_names: tuple[Name, ...] = Field(default=(), max_length=50)
    """Names that two people of the article share, so that a mention could be either."""
    cues: tuple[Cue, ...] = Field(default=(), max_length=20_000)
    findings: tuple[Finding, ...] = Field(default=(), max_length=2_000)
    counter_findings: tuple[CounterFinding, ...] = Field(default=(), max_length=500)
    risk_sentences: tuple[RiskSentence, ...] = Field(default=(), max_length=5_000)
    marks: tuple[InjectionMark, ...] = Field(default=(), max_length=500)
    notes: tuple[Line, ...] = Field(default=(), max_length=20)

    def sentences(self) -> dict[str, Sentence]:
        """Every sentence of the article by id."""
        return {sentence.id: sentence for passage in self.passages for sentence in passage.sentences}

    def party(self, party_id: str) -> ReadParty | None:
        """The party with that id, or None."""
        return next((party for party in self.parties if party.id == party_id), None)
