"""All text about persons, in rows that can be erased: the rest of the store holds ids and salted hashes."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from uuid import uuid4

from sqlalchemy import Connection, delete, select

from agent.domain.alert import Alert
from agent.store import tables
from agent.store.dialects import add_row

UNOWNED = "unowned"
"""The erasure key of texts that belong to no known alert."""


@dataclass(frozen=True)
class Sealed:
    """A stored text's id and the salted hash that the audit chain keeps of it."""

    content_id: str
    digest: str


def utc_now() -> str:
    """The time as the store writes it: ISO 8601, UTC, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def name_key(name: str) -> str:
    """The erasure key of a person or firm known by name; case, width and spaces do not matter, namesakes share it."""
    return "name:" + " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def subject_key(alert: Alert) -> str:
    """The erasure key of an alert's texts: its subject's name, or the alert itself when the name is blank."""
    return name_key(alert.subject.name) if alert.subject else alert_key(alert.alert_id)


def alert_key(alert_id: str) -> str:
    """The erasure key of texts that belong to an alert without a named subject."""
    return f"alert:{alert_id}"


def salted_hash(salt: str, key: str, body: str) -> str:
    """``sha256:`` and the digest of salt, erasure key and text; without the salt nobody can test a guess at them."""
    return "sha256:" + hashlib.sha256(f"{salt}\n{key}\n{body}".encode()).hexdigest()


def store_content(connection: Connection, body: str, key: str) -> Sealed:
    """Store a text under an erasure key, its salt apart, and return what may be written elsewhere."""
    content_id, salt = uuid4().hex, token_hex(16)
    add_row(connection, tables.content, content_id=content_id, subject_key=key, body=body, created_at=utc_now())
    add_row(connection, tables.content_salts, content_id=content_id, salt=salt)
    return Sealed(content_id, salted_hash(salt, key, body))


def load_content(connection: Connection, content_id: str) -> str | None:
    """The text, or None when it was erased."""
    return connection.scalar(select(tables.content.c.body).where(tables.content.c.content_id == content_id))


def delete_content(connection: Connection, content_ids: list[str]) -> None:
    """Delete texts and their salts for good."""
    for content_id in content_ids:
        connection.execute(delete(tables.content_salts).where(tables.content_salts.c.content_id == content_id))
        connection.execute(delete(tables.content).where(tables.content.c.content_id == content_id))
