"""The store: one door to alerts, records, references, decisions, the call ledger and the audit chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from sqlalchemy import Engine

from agent.domain.alert import Alert
from agent.domain.record import Approval, AuditEntry, Decision, TriageFailure, TriageRecord
from agent.domain.reference import Precedent, Profile, ReferenceChange
from agent.store.alerts import AlertLine, AlertTable, SavedAlert
from agent.store.audit import AuditChain, Checkpoint, iter_entries
from agent.store.backups import check_integrity, write_backup
from agent.store.changes import PRECEDENTS, PROFILES
from agent.store.decisions import DecisionLine, DecisionTable, FinalDecision
from agent.store.dialects import name_writer
from agent.store.engine import open_engine
from agent.store.erasure import Erasure, erase_subject
from agent.store.ledger import CallLedger, Price
from agent.store.records import FailureTable, RecordTable
from agent.store.references import ReferenceTable, SavedReferences
from agent.store.verification import AuditReport, verify_audit


class Store:
    """Everything the product remembers. Methods are durable when they return, and safe to call from any thread.

    They block for milliseconds: asynchronous callers use ``asyncio.to_thread``. Every method may raise StoreBusy
    (retryable) and StoreError.
    """

    def __init__(self, engine: Engine, *, writer: str | None = None, price: Price | None = None) -> None:
        """``writer`` names this process's audit chain; ``price`` tells the ledger what a call cost."""
        self._engine = engine
        self._audit = AuditChain(writer or name_writer(engine))
        self._alerts = AlertTable(engine, self._audit)
        self._records = RecordTable(engine, self._audit)
        self._failures = FailureTable(engine, self._audit)
        self._decisions = DecisionTable(engine, self._audit)
        self._profiles = ReferenceTable(engine, self._audit, PROFILES)
        self._precedents = ReferenceTable(engine, self._audit, PRECEDENTS)
        self.ledger = CallLedger(engine, self._audit, price=price)

    @classmethod
    def open(cls, url: str, *, writer: str | None = None, price: Price | None = None) -> Store:
        """Open the store at a database address, creating or migrating it. Raises as ``open_engine``."""
        return cls(open_engine(url), writer=writer, price=price)

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Alerts and what triage made of them

    def save_alert(self, alert: Alert) -> SavedAlert:
        """Store an alert once per text; another text under the same id becomes a new revision."""
        return self._alerts.save(alert)

    def load_alert(self, alert_id: str, revision: int | None = None) -> Alert:
        """An alert as stored, the current revision by default. Raises StoreError when unknown or erased."""
        return self._alerts.load(alert_id, revision)

    def list_alerts(self, limit: int = 100, offset: int = 0) -> tuple[AlertLine, ...]:
        """Alerts with state and latest recommendation, in the order they first came."""
        return self._alerts.list(limit, offset)

    def save_record(self, record: TriageRecord, revision: int) -> str:
        """Append a record of one revision and return its id. Raises RecordConflict on another text's record."""
        return self._records.save(record, revision)

    def load_record(self, record_id: str) -> TriageRecord:
        """A record by its id. Raises StoreError when unknown or erased."""
        return self._records.load(record_id)

    def latest_record(self, alert_id: str) -> TriageRecord | None:
        """The newest record of an alert, raw replies included, or None. Raises StoreError when erased."""
        return self._records.latest(alert_id)

    def save_failure(self, failure: TriageFailure) -> str:
        """Append a failure and return its id."""
        return self._failures.save(failure)

    def latest_failure(self, alert_id: str) -> TriageFailure | None:
        """The newest failure of an alert, or None."""
        return self._failures.latest(alert_id)

    # Reference texts

    def save_profiles(
        self,
        profiles: Iterable[Profile],
        *,
        replace: bool | Callable[[], bool] = False,
        on_saved: Callable[[int], None] | None = None,
    ) -> SavedReferences:
        """Insert or update profiles, committing every 2,000; with ``replace`` those not given are deleted at the end.

        See ``ReferenceTable.save``. Raises ReferenceInvalid when an id comes twice with different content.
        """
        return self._profiles.save(profiles, replace=replace, on_saved=on_saved)

    def save_precedents(
        self,
        precedents: Iterable[Precedent],
        *,
        replace: bool | Callable[[], bool] = False,
        on_saved: Callable[[int], None] | None = None,
    ) -> SavedReferences:
        """Insert or update precedents, as ``save_profiles`` does profiles; ``replace`` deletes imported ones only."""
        return self._precedents.save(precedents, replace=replace, on_saved=on_saved)

    def delete_precedents(self, ids: Iterable[str]) -> int:
        """Delete precedents whose decision was reversed; returns how many there were."""
        return self._precedents.delete(ids)

    def load_profiles(self, ids: Sequence[str]) -> dict[str, Profile]:
        """The profiles of these ids, in that order, without those that are not there."""
        return self._profiles.load(ids)

    def load_precedents(self, ids: Sequence[str]) -> dict[str, Precedent]:
        """The precedents of these ids, in that order, without those that are not there."""
        return self._precedents.load(ids)

    def iter_profiles(self) -> Iterator[Profile]:
        """All profiles, by id."""
        return iter(self._profiles)

    def iter_precedents(self) -> Iterator[Precedent]:
        """All precedents, by id."""
        return iter(self._precedents)

    def count_profiles(self) -> int:
        """How many profiles there are."""
        return len(self._profiles)

    def count_precedents(self) -> int:
        """How many precedents there are."""
        return len(self._precedents)

    def profiles_generation(self) -> int:
        """A number that grows with every change of profiles; an index that follows them at another is stale."""
        return self._profiles.generation()

    def precedents_generation(self) -> int:
        """A number that grows with every change of precedents; an index that follows them at another is stale."""
        return self._precedents.generation()

    def profile_changes(self, after: int) -> Iterator[ReferenceChange[Profile]]:
        """Profiles changed or removed after a generation, by generation and id; from 0, all that there are.

        To follow: read the generation first, then the changes since the last one. A writer need not wait meanwhile.
        """
        return self._profiles.changes(after)

    def precedent_changes(self, after: int) -> Iterator[ReferenceChange[Precedent]]:
        """Precedents changed or removed after a generation, as ``profile_changes``."""
        return self._precedents.changes(after)

    # People's decisions

    def add_decision(self, decision: Decision) -> None:
        """Append a decision; the same one again changes nothing. Raises RecordConflict."""
        self._decisions.add(decision)

    def add_approval(self, approval: Approval) -> None:
        """Append a second person's agreement. Raises RecordConflict, from the database if it is the same person."""
        self._decisions.approve(approval)

    def list_decisions(self, alert_id: str) -> tuple[tuple[Decision, Approval | None], ...]:
        """An alert's decisions in order, each with its approval or None."""
        return self._decisions.of_alert(alert_id)

    def iter_standing_decisions(self) -> Iterator[DecisionLine]:
        """The decisions on every alert's current text, alert by alert and in order."""
        return self._decisions.iter_standing()

    def load_final_decision(self, decision_id: str) -> FinalDecision | None:
        """A decision of two people with alert, record and approval; None when it is not final or was erased."""
        return self._decisions.load_final(decision_id)

    # Erasure, audit, upkeep

    def erase_subject(self, key: str, *, by: str) -> Erasure:
        """Erase all texts under a key of ``content.subject_key`` or ``content.name_key``; ``by`` answers for it."""
        return erase_subject(self._engine, self._audit, key, by)

    def verify_audit(self, checkpoint: Checkpoint | None = None) -> AuditReport:
        """Check all that was recorded, against a checkpoint kept elsewhere if one is given."""
        return verify_audit(self._engine, checkpoint)

    def write_checkpoint(self, *, by: str) -> Checkpoint:
        """Join all audit chains in one entry and return their heads, to be kept elsewhere."""
        return self._audit.write_checkpoint(self._engine, by)

    def iter_audit(self, writer: str | None = None) -> Iterator[AuditEntry]:
        """The entries of a writer's audit chain in order, this store's own by default."""
        return iter_entries(self._engine, writer or self._audit.writer)

    def backup(self, path: Path) -> None:
        """Write a whole copy to a new file while others go on working. Raises StoreError when it cannot."""
        write_backup(self._engine, path)

    def check_integrity(self) -> tuple[str, ...]:
        """What is wrong with the database file, in sentences; empty when it is sound."""
        return check_integrity(self._engine)
