"""Case: one alert with its gold, its split and its place among the shapes that alerts take."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from agent.domain.alert import Alert
from agent.domain.base import Frozen, Id, Line, Name
from evals.cases.gold import Gold, Truth


class Shape(StrEnum):
    """What sort of alert a case is: its main difficulty."""

    BLANK_HEADER = "blank_header"
    NAMESAKE = "namesake"
    VICTIM = "victim"
    WITNESS = "witness"
    PROSECUTOR = "prosecutor"
    LAWYER = "lawyer"
    JOURNALIST = "journalist"
    WHISTLEBLOWER = "whistleblower"
    REFUSED_BRIBE = "refused_bribe"
    ALLEGATION = "allegation"
    INVESTIGATION = "investigation"
    ARRESTED = "arrested"
    CHARGED = "charged"
    CONVICTED = "convicted"
    ACQUITTED = "acquitted"
    DROPPED = "dropped"
    OVERTURNED = "overturned"
    RETRIAL = "retrial"
    CORRECTED = "corrected"
    STALE = "stale"
    DECEASED = "deceased"
    SATIRE = "satire"
    FICTION_ROLE = "fiction_role"
    SPORTS = "sports"
    BUSINESS = "business"
    PEP_APPOINTMENT = "pep_appointment"
    CO_ACCUSED = "co_accused"
    COMPANY_AGAINST_DIRECTOR = "company_against_director"
    SANCTIONS_LISTING = "sanctions_listing"
    REGULATOR_FINE = "regulator_fine"
    SETTLEMENT = "settlement"
    WEAK_SOURCE = "weak_source"
    POLITICAL_PERSECUTION = "political_persecution"
    IN_ABSENTIA = "in_absentia"
    ASSET_SEIZURE = "asset_seizure"
    NON_ENGLISH = "non_english"
    HTML_CLUTTER = "html_clutter"
    TRUNCATED = "truncated"
    SYNDICATED = "syndicated"
    SUPERSEDED_STATUS = "superseded_status"
    PLANTED_INSTRUCTIONS = "planted_instructions"
    DECIDED = "decided"
    """A decision of the desk: its shape is not known."""
    OUTSIDE = "outside"
    """A row of outside data: its shape is not known."""


class Split(StrEnum):
    """What a case may be used for."""

    SMOKE = "smoke"
    """A look in seconds."""
    DEV = "dev"
    """Prompts and the reader are improved on these."""
    CALIBRATION = "calibration"
    """Thresholds and probabilities are fitted on these, nothing else."""
    HOLDOUT = "holdout"
    """Figures only; nobody reads the texts to improve anything."""


TOLD_SPLITS: Final = frozenset({Split.SMOKE, Split.DEV})
"""Whose texts may be shown to people who improve things; of the others they see ids and figures."""


class CaseEntry(Frozen):
    """A case as its file has it; the split is the folder's."""

    id: Annotated[Id, StringConstraints(pattern=r"^[a-z0-9-]+$")]
    shape: Shape
    also: tuple[Shape, ...] = Field(default=(), max_length=6)
    """Further shapes the case has beside its main one."""
    subject: Name
    """Whom the alert is about: cases of one subject are one cluster of the statistics and stay in one split."""
    twin_of: Id | None = None
    """The case this one varies: a syndicated copy, a later state, a version with planted text. Same subject."""
    truth: Truth
    must_not_miss: bool = False
    """Closing this alert is a grave error, whatever the averages say."""
    note: Line
    """Why the gold is what it is, in a sentence."""
    alert: dict[str, Any]
    """The alert in the wire format, without ``alert_id``: the case's id is the alert's."""
    gold: Gold


class Case(Frozen):
    """A case ready to run: ``entry`` as written, the alert as intake reads it."""

    entry: CaseEntry
    split: Split
    alert: Alert

    @property
    def id(self) -> str:
        """The case's id, which is also the alert's."""
        return self.entry.id

    @property
    def gold(self) -> Gold:
        """What was labelled."""
        return self.entry.gold

    @property
    def truth(self) -> Truth:
        """What should become of the alert."""
        return self.entry.truth

    @property
    def subject(self) -> str:
        """The cluster: cases of one subject are not independent."""
        return " ".join(self.entry.subject.casefold().split())

    @property
    def language(self) -> str:
        """The article's language as the alert states it, ``en`` where it does not."""
        return self.alert.article.language or "en"
