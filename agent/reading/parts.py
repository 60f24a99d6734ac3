"""The parts a language's analysis hands to the reader: spans and ties, before parties are put together."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.domain.taxonomy import CounterEvidenceKind, FeatureName, Offence, PartyKind, Role, Stage

Span = tuple[int, int]
"""Start and end in the article's text."""


@dataclass(frozen=True, slots=True)
class NameSpan:
    """A name as it stands in the text, with what its surroundings say about its kind."""

    start: int
    end: int
    sentence: str
    name: str
    """The name without possessive or title, in its base form where the language inflects it."""
    kind: PartyKind = PartyKind.UNKNOWN
    described: bool = False
    """True for somebody the article introduces without a name: ``a former bank manager``, ``six people``."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A pronoun or description and the name span it surely points to."""

    start: int
    end: int
    sentence: str
    target: Span


@dataclass(frozen=True, slots=True)
class Predicate:
    """One statement of a sentence: what, how far in law, held against whom, done to whom.

    ``accused`` and ``victims`` are spans of names or pointers; empty when the structure does not say.
    """

    sentence: str
    offences: tuple[Offence, ...] = ()
    stage: Stage = Stage.UNDETERMINED
    in_absentia: bool = False
    final: bool = False
    negated: bool = False
    accused: tuple[Span, ...] = ()
    victims: tuple[Span, ...] = ()
    authority: str | None = None
    cue_spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleClue:
    """A name span that the sentence itself gives a role: ``his lawyer, X``; ``prosecutor X``."""

    span: Span
    role: Role
    sentence: str


@dataclass(frozen=True, slots=True)
class CounterClue:
    """A statement for the other side, who makes it, and about whom (spans; empty when not said)."""

    kind: CounterEvidenceKind
    sentence: str
    by: str
    interested: bool = False
    about: tuple[Span, ...] = ()
    speakers: tuple[Span, ...] = ()
    """Of a voice: who speaks, where it counts only if something is held against them."""
    voice: bool = False
    """True for a statement that only its speaker makes counter-evidence: it needs somebody who is accused."""


@dataclass(frozen=True, slots=True)
class AttributeClue:
    """Something stated of the party at ``span``: an age, a nationality, an occupation."""

    span: Span
    name: FeatureName
    value: str
    start: int
    end: int
    sentence: str


@dataclass(slots=True)
class Analysis:
    """Everything one language's analysis found in an article."""

    names: list[NameSpan] = field(default_factory=list)
    pointers: list[Pointer] = field(default_factory=list)
    predicates: list[Predicate] = field(default_factory=list)
    roles: list[RoleClue] = field(default_factory=list)
    counters: list[CounterClue] = field(default_factory=list)
    attributes: list[AttributeClue] = field(default_factory=list)
    court: frozenset[Span] = frozenset()
    """First mentions of judges, prosecutors, lawyers and detectives, who speak of others' cases."""
    identified: list[tuple[Span, Span]] = field(default_factory=list)
    """First mention of a described party → the name that the article itself gives it (``he was named as X``)."""
