"""An alert: whom the bank screened, and the article that may be about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints

from agent.domain.base import Country, Frozen, Id, LocalId, Name, PartialDate, Phrase
from agent.domain.taxonomy import PartyKind

MAX_ARTICLE_CHARS = 2_000_000
"""Hard ceiling of the vocabulary; intake refuses earlier, at the configured byte limit."""

ArticleText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ARTICLE_CHARS)]


def _assume_utc(value: object) -> object:
    """Date-times are ordered across machines, so one without a zone is read as UTC."""
    if isinstance(value, str) and len(value) == 10:
        value = f"{value}T00:00:00"
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return value
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_assume_utc)]
"""A point in time with a zone."""


class Subject(Frozen):
    """The screened party as the source system knows it."""

    name: Name
    kind: PartyKind = PartyKind.UNKNOWN
    aliases: tuple[Name, ...] = Field(default=(), max_length=50)
    birth_date: PartialDate | None = None
    nationalities: tuple[Country, ...] = Field(default=(), max_length=10)
    countries: tuple[Country, ...] = Field(default=(), max_length=20)
    occupation: Phrase | None = None
    employer: Phrase | None = None
    identifiers: dict[Phrase, Phrase] = Field(default_factory=dict, max_length=20)


class Article(Frozen):
    """The stored text that every offset of the product refers to."""

    text: ArticleText
    title: Annotated[str, StringConstraints(max_length=1_000)] | None = None
    source: Phrase | None = None
    url: Annotated[str, StringConstraints(max_length=2_000)] | None = None
    published_at: PartialDate | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] | None = None
    """What the source system says; the reader checks for itself."""


class Alert(Frozen):
    """One alert: a subject (absent when the header was blank) and an article."""

    alert_id: Id
    subject: Subject | None = None
    article: Article
    received_at: Moment | None = None
    due_at: Moment | None = None
    notes: tuple[Annotated[str, StringConstraints(max_length=400)], ...] = Field(default=(), max_length=20)
    """What intake had to do to read the input, in sentences a person understands."""


class Sentence(Frozen):
    """A sentence of the article: ``article.text[start:end]``."""

    id: LocalId
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class Passage(Frozen):
    """A paragraph of the article and its sentences, in order."""

    id: LocalId
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    sentences: tuple[Sentence, ...] = Field(default=(), max_length=100_000)


class Mention(Frozen):
    """A place in the article that names or points to a party."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    sentence: LocalId
    by_name: bool = True
    """False for a pronoun or a description that was resolved to the party."""
