"""The end of a run: its samples checked against what was asked for, and its files put in place."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from agent.domain.record import TriageRecord
from evals.running.disk import force_to_disk
from evals.running.folders import JOURNAL
from evals.running.journal import Journal
from evals.running.orders import RunOrder
from evals.running.runs import LOG, MANIFEST, SAMPLES, Run, RunInvalid, RunManifest, Sample, write_run


def check_samples(folder: Path, order: RunOrder, samples: Sequence[Sample], journal: Journal) -> None:
    """Raise RunInvalid unless inspect's log holds each sample that was asked for once, and as the journal has it."""
    expected = {(case_id, epoch) for case_id in order.case_ids for epoch in range(1, order.epochs + 1)}
    found = Counter((sample.case_id, sample.epoch) for sample in samples)
    faults = [f"{one} is missing" for one in sorted(expected - set(found))]
    faults += [f"{one} was not asked for" for one in sorted(set(found) - expected)]
    faults += [f"{one} stands there {times} times" for one, times in sorted(found.items()) if times > 1]
    faults += [
        f"{sample.case_id, sample.epoch} differs from the journal"
        for sample in samples
        if (kept := journal.samples.get((sample.case_id, sample.epoch))) is None
        or kept.model_dump_json() != sample.model_dump_json()
    ]
    if faults:
        raise RunInvalid(f"{folder.name}: inspect's log does not agree with what was run: {'; '.join(faults[:5])}.")


def write_ending(folder: Path, begun: RunManifest, samples: Sequence[Sample], log: Path) -> None:
    """Put samples, log and the closed manifest in place, the manifest last: it says that the run is finished."""
    manifest = begun.model_copy(update={"finished_at": datetime.now(UTC), "note": _add_remark(begun, samples)})
    drafts = folder / "ending"
    write_run(Run(manifest=manifest, samples=tuple(samples)), drafts)
    os.replace(log, folder / LOG)
    for name in (SAMPLES, MANIFEST):
        force_to_disk(drafts / name)
        os.replace(drafts / name, folder / name)
    force_to_disk(folder)
    shutil.rmtree(drafts)
    shutil.rmtree(log.parent)
    (folder / JOURNAL).unlink()


def _add_remark(begun: RunManifest, samples: Sequence[Sample]) -> str:
    """The note, with a warning where replies came from the ledger: such a sample's seconds are not the model's."""
    known = sum(
        isinstance(sample.outcome, TriageRecord)
        and sample.outcome.provenance.model is not None
        and sample.outcome.provenance.usage.calls == 0
        for sample in samples
    )
    if not known or begun.replayed:
        return begun.note
    remark = f"{known} of {len(samples)} samples were answered by calls paid for before: their times tell nothing."
    return f"{begun.note} {remark}".strip()[:600]
