"""The tables as queries see them. ``migrations`` creates them; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

_Serial = BigInteger().with_variant(Integer, "sqlite")


def _required(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _serial() -> Column[int]:
    return Column("seq", _Serial, primary_key=True, autoincrement=True)


def _generation() -> Column[int]:
    """The counter's value at a row's last change; rows from before there was one count as changed in the first."""
    return Column("generation", BigInteger, nullable=False, server_default=text("1"))


schema_migrations = Table(
    "schema_migrations",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    _required("name"),
    _required("applied_at"),
)

content = Table(
    "content",
    metadata,
    Column("content_id", Text, primary_key=True, nullable=False),
    _required("subject_key"),
    _required("body"),
    _required("created_at"),
    Index("content_by_subject", "subject_key"),
)
"""All text about persons. A row can be erased; every other table only points here."""

content_salts = Table(
    "content_salts",
    metadata,
    Column("content_id", Text, ForeignKey("content.content_id"), primary_key=True, nullable=False),
    _required("salt"),
)
"""The random salt behind each audited hash of a content row, erased with it."""

alerts = Table(
    "alerts",
    metadata,
    _serial(),
    Column("alert_id", Text, nullable=False, unique=True),
    Column("current_revision", Integer, nullable=False),
    _required("state"),
)

alert_revisions = Table(
    "alert_revisions",
    metadata,
    Column("alert_id", Text, ForeignKey("alerts.alert_id"), nullable=False),
    Column("revision", Integer, nullable=False),
    _required("fingerprint"),
    Column("content_id", Text, nullable=False, unique=True),
    Column("received_at", Text),
    Column("due_at", Text),
    _required("added_at"),
    PrimaryKeyConstraint("alert_id", "revision"),
    UniqueConstraint("alert_id", "fingerprint"),
)
"""Each text an alert has had. The fingerprint outlives erasure, so that an erased alert cannot slip in again."""

records = Table(
    "records",
    metadata,
    _serial(),
    Column("record_id", Text, nullable=False, unique=True),
    _required("alert_id"),
    Column("revision", Integer, nullable=False),
    _required("drafter"),
    Column("prompt", Text),
    Column("model", Text),
    _required("policy_hash"),
    _required("dossier_hash"),
    _required("recommendation"),
    _required("content_id"),
    _required("created_at"),
    ForeignKeyConstraint(["alert_id", "revision"], ["alert_revisions.alert_id", "alert_revisions.revision"]),
    Index("records_by_alert", "alert_id", "seq"),
)

failures = Table(
    "failures",
    metadata,
    _serial(),
    Column("failure_id", Text, nullable=False, unique=True),
    Column("alert_id", Text),
    _required("stage"),
    _required("error"),
    Column("retryable", Integer, nullable=False),
    _required("content_id"),
    _required("created_at"),
    Index("failures_by_alert", "alert_id", "seq"),
)

calls = Table(
    "calls",
    metadata,
    _serial(),
    Column("call_id", Text, nullable=False, unique=True),
    _required("key"),
    Column("prompt_hash", Text),
    Column("provider", Text),
    Column("model", Text),
    _required("parameters"),
    Column("sample", Integer, nullable=False),
    _required("content_id"),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("cost_usd", Double),
    Column("latency_ms", Integer),
    Column("error", Text),
    _required("created_at"),
    Index("calls_by_key", "key", "seq"),
    Index(
        "calls_one_answer",
        "key",
        unique=True,
        sqlite_where=text("error IS NULL"),
        postgresql_where=text("error IS NULL"),
    ),
)
"""The ledger: every paid call. One good answer a key; failures beside it, one row each."""

profiles = Table(
    "profiles",
    metadata,
    Column("profile_id", Text, primary_key=True, nullable=False),
    _required("subject_key"),
    _required("content_hash"),
    _required("body"),
    _required("updated_at"),
    _generation(),
    Index("profiles_by_subject", "subject_key"),
    Index("profiles_by_generation", "generation", "profile_id"),
)

precedents = Table(
    "precedents",
    metadata,
    Column("precedent_id", Text, primary_key=True, nullable=False),
    _required("subject_key"),
    _required("content_hash"),
    _required("body"),
    _required("updated_at"),
    _generation(),
    Index("precedents_by_subject", "subject_key"),
    Index("precedents_by_generation", "generation", "precedent_id"),
)

reference_removals = Table(
    "reference_removals",
    metadata,
    _required("kind"),
    _required("entry_id"),
    Column("generation", BigInteger, nullable=False),
    PrimaryKeyConstraint("kind", "entry_id"),
    Index("reference_removals_by_generation", "kind", "generation", "entry_id"),
)
"""Profiles and precedents that are gone, so that an index hears of it; an id that comes back leaves this table."""

generations = Table(
    "generations",
    metadata,
    Column("name", Text, primary_key=True, nullable=False),
    Column("value", BigInteger, nullable=False),
)
"""Counters of profiles and of precedents that grow with every change: an index knows by them how far it has read."""

decisions = Table(
    "decisions",
    metadata,
    _serial(),
    Column("decision_id", Text, nullable=False, unique=True),
    _required("alert_id"),
    Column("revision", Integer, nullable=False),
    _required("author"),
    _required("disposition"),
    _required("reason_code"),
    _required("content_id"),
    _required("decided_at"),
    _required("added_at"),
    UniqueConstraint("decision_id", "author"),
    ForeignKeyConstraint(["alert_id", "revision"], ["alert_revisions.alert_id", "alert_revisions.revision"]),
    CheckConstraint("trim(author) <> ''", name="decisions_need_an_author"),
    Index("decisions_by_alert", "alert_id", "seq"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("decision_id", Text, primary_key=True, nullable=False),
    _required("author"),
    _required("approver"),
    _required("content_id"),
    _required("approved_at"),
    _required("added_at"),
    ForeignKeyConstraint(["decision_id", "author"], ["decisions.decision_id", "decisions.author"]),
    CheckConstraint("trim(approver) <> ''", name="approvals_need_an_approver"),
    CheckConstraint("lower(trim(author)) <> lower(trim(approver))", name="approvals_need_two_people"),
)
"""The author is repeated here, tied to the decision's, so that the database itself can compare the two people."""

audit = Table(
    "audit",
    metadata,
    _required("writer"),
    Column("seq", BigInteger, nullable=False),
    _required("at"),
    _required("actor"),
    _required("action"),
    _required("object_id"),
    Column("content_id", Text),
    Column("content_hash", Text),
    Column("heads", Text),
    Column("previous", Text),
    _required("hash"),
    PrimaryKeyConstraint("writer", "seq"),
    Index("audit_by_content", "content_id"),
    Index("audit_by_action", "action"),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("writer", Text, primary_key=True, nullable=False),
    Column("seq", BigInteger, nullable=False),
    _required("hash"),
)
