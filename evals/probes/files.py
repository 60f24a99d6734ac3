"""The probe files: articles with slots, tables of names and genders, planted texts; everything in them is invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from agent.domain.alert import Moment
from agent.domain.base import Frozen, Id, LocalId, Name, Phrase
from agent.domain.taxonomy import CounterEvidenceKind, IdentityVerdict, PartyKind, RecommendationValue, Role, Stage
from agent.errors import ConfigError
from evals.cases.files import SHIPPED
from evals.cases.gold import Truth

PROBES: Final = SHIPPED / "probes"
"""The folder of the probe files that come with the product."""
_OTHER_FILES: Final = frozenset({"names.yaml", "attacks.yaml"})

Sex = Literal["m", "f"]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]


class ProbesInvalid(ConfigError):
    """A probe file does not hold what it should; nothing is run."""


class Respect(StrEnum):
    """In what one respect the texts of a base differ."""

    STAGE = "stage"
    ROLE = "role"
    SOURCE = "source"
    IDENTITY = "identity"
    VOICE = "voice"
    """Who says it."""
    TIME = "time"
    LANGUAGE = "language"


class Stays(StrEnum):
    """What must be the same in the drafts of both texts of a pair."""

    SUBJECT = "subject"
    """The subject is found."""
    STAGE = "stage"
    ROLE = "role"
    OTHERS = "others"
    """The roles of the other parties."""
    OFFENCES = "offences"


class Relation(StrEnum):
    """How the second text's recommendation stands to the first's."""

    NOT_LOWER = "not_lower"
    NOT_HIGHER = "not_higher"
    LOWER = "lower"
    """Lower; one that stays is short of it, one that rises is wrong."""
    EQUAL = "equal"


class ExpectedCounter(Frozen):
    """Counter-evidence that must be drafted; a word of ``by`` must stand in the drafted ``by``."""

    kinds: tuple[CounterEvidenceKind, ...] = Field(min_length=1)
    by: Phrase


class Variant(Frozen):
    """One text of a base and what its draft must say of the subject; what is None is not looked at."""

    id: LocalId
    slots: dict[LocalId, Text]
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] | None = None
    stages: tuple[Stage, ...] | None = None
    """Acceptable stages; empty where nothing may be held against the subject."""
    roles: tuple[Role, ...] | None = None
    identity: tuple[IdentityVerdict, ...] | None = None
    counter: tuple[ExpectedCounter, ...] | None = None
    """Empty where there is none, so that any would be invented."""
    recommendations: tuple[RecommendationValue, ...] | None = None


class Move(Frozen):
    """A pair of variants, and how the recommendation must move from the first to the second."""

    start: LocalId
    end: LocalId
    recommendation: Relation


class BaseParty(Frozen):
    """A party of a base."""

    name: Name
    aliases: tuple[Name, ...] = ()
    kind: PartyKind = PartyKind.PERSON
    roles: tuple[Role, ...] = (Role.UNDETERMINED,)


class Gender(Frozen):
    """A base that can be told of a man and of a woman: the given name of each, and which is the usual one."""

    usual: Sex
    m: Name
    f: Name


class Base(Frozen):
    """An invented article with slots, its variants and its pairs."""

    id: Annotated[Id, StringConstraints(pattern=r"^[a-z0-9-]+$")]
    respect: Respect
    subject: dict[str, Any]
    party: BaseParty
    """The subject as the article names it."""
    gender: Gender | None = None
    sex: Sex | None = None
    """Of a subject who is a person and whose gender is not swapped."""
    others: tuple[BaseParty, ...]
    article: dict[str, str]
    received_at: Moment
    stays: tuple[Stays, ...]
    variants: tuple[Variant, ...] = Field(min_length=2)
    moves: tuple[Move, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _agrees(self) -> Base:
        ids = [variant.id for variant in self.variants]
        named = {end for move in self.moves for end in (move.start, move.end)}
        if len(set(ids)) != len(ids) or named - set(ids):
            raise ValueError("a variant's id is used twice, or a move names a variant that is not there")
        if self.party.kind is PartyKind.PERSON and not (self.gender or self.sex):
            raise ValueError("give the subject's sex, or the given names of both genders")
        return self

    def variant(self, variant_id: str) -> Variant:
        """The variant with that id."""
        return next(one for one in self.variants if one.id == variant_id)


class InventedName(Frozen):
    """Given names and surnames of one origin and gender."""

    given: tuple[Name, ...] = Field(min_length=3)
    surnames: tuple[Name, ...] = Field(min_length=2)


class NameTable(Frozen):
    """Names by origin, and the words that a gender changes."""

    origins: dict[LocalId, dict[Sex, InventedName]] = Field(min_length=2)
    genders: dict[Sex, dict[LocalId, Phrase]]


class AttackTable(Frozen):
    """Planted texts by family and wish, and harmless texts that speak of instructions."""

    attacks: dict[LocalId, dict[Truth, tuple[Text, ...]]] = Field(min_length=1)
    benign: tuple[Text, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class ProbeData:
    """All probe files."""

    bases: tuple[Base, ...]
    names: NameTable
    attacks: AttackTable


def load_probes(folder: Path = PROBES) -> ProbeData:
    """Every probe file of the folder. Raises ProbesInvalid, naming the file."""
    bases: list[Base] = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name not in _OTHER_FILES:
            bases += _read(path, TypeAdapter(list[Base]))
    if repeated := sorted({base.id for base in bases if sum(one.id == base.id for one in bases) > 1}):
        raise ProbesInvalid(f"{folder}: the base {repeated[0]!r} stands there twice. Rename one.")
    return ProbeData(
        tuple(bases),
        _read(folder / "names.yaml", TypeAdapter(NameTable)),
        _read(folder / "attacks.yaml", TypeAdapter(AttackTable)),
    )


def fill(text: str, words: Mapping[str, str], where: str) -> str:
    """The text with its ``{slots}`` filled. Raises ProbesInvalid for a slot without words, beginning with ``where``."""
    pieces, rest = [], text
    while "{" in rest:
        before, _, rest = rest.partition("{")
        slot, closed, rest = rest.partition("}")
        if not closed or slot not in words:
            raise ProbesInvalid(f"{where}: there are no words for the slot {slot[:40]!r}.")
        pieces += [before, words[slot]]
    return "".join([*pieces, rest])


def _read(path: Path, kind: TypeAdapter[Any]) -> Any:
    try:
        return kind.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ProbesInvalid(f"{path}: not readable as YAML: {error}") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5])
        raise ProbesInvalid(f"{path}: {faults}") from error
