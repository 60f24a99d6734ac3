"""What every model of the vocabulary shares: frozen, closed, bounded."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints


class Frozen(BaseModel):
    """Base of all domain values: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Id = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^\S(.*\S)?$")]
"""An id as given by a source system."""
LocalId = Annotated[str, StringConstraints(min_length=1, max_length=24, pattern=r"^[A-Za-z0-9._-]+$")]
"""An id inside one article or summary: p1.s2, E1, P1, C1."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]
"""A person's or firm's name."""
Phrase = Annotated[str, StringConstraints(max_length=200)]
"""A few words."""
Line = Annotated[str, StringConstraints(max_length=600)]
"""A sentence or two."""
QuoteText = Annotated[str, StringConstraints(min_length=1, max_length=1_500)]
"""Words of the article."""
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2."""
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217."""
PartialDate = Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
"""ISO 8601 date that may stop at the year or the month."""
ContentHash = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
"""An algorithm-tagged content hash."""
