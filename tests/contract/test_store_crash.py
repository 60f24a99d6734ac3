"""kill -9 at any moment, and several processes at once: every acknowledged write is there, and the chain holds."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration

from agent.errors import StoreError
from agent.store.store import Store
from tests.contract.store_examples import make_alert, make_failure, make_profile, make_record, url_of

KILLS = 25
fork = multiprocessing.get_context("fork")
MODEL = "[('_type', 'x')]"


def work(path: Path, start: int, count: int, pipe: Connection) -> None:
    """Write alerts, records and ledger rows, saying each one's number only when it is durable."""
    with Store.open(url_of(path)) as store:
        for number in range(start, start + count):
            alert = make_alert(f"A-{number}", text=f"Text {number}. " * 50)
            revision = store.save_alert(alert).revision
            store.save_record(make_record(alert, model="m"), revision)
            reply = [ChatGeneration(message=AIMessage(f"answer {number}"))]
            asyncio.run(store.ledger.aupdate(f"prompt {number}", MODEL, reply))
            pipe.send(number)
    pipe.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_killed_at_random_moments_every_acknowledged_row_is_there(tmp_path: Path) -> None:
    path = tmp_path / "triage.db"
    Store.open(url_of(path)).close()
    moments = random.Random(20_260_301)
    acknowledged: list[int] = []
    for round_number in range(KILLS):
        ours, theirs = fork.Pipe(duplex=False)
        child = fork.Process(target=work, args=(path, round_number * 10_000, 10_000, theirs))
        child.start()
        theirs.close()
        assert child.pid is not None
        acknowledged.append(ours.recv())
        time.sleep(moments.uniform(0, 0.06))
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        acknowledged += drain(ours)
    with Store.open(url_of(path)) as store:
        for number in acknowledged:
            record = store.latest_record(f"A-{number}")
            assert record is not None
            assert record.provenance.model == "m"
            found = store.ledger.lookup(f"prompt {number}", MODEL)
            assert found is not None
            assert found[0].text == f"answer {number}"
        assert store.check_integrity() == ()
        report = store.verify_audit()
        assert report.ok, report.message
        assert 3 * len(acknowledged) <= report.entries <= 3 * (len(acknowledged) + KILLS)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_several_processes_write_at_once_without_loss(tmp_path: Path) -> None:
    """They share one chain; a backup is taken and references are loaded meanwhile."""
    path = tmp_path / "triage.db"
    pipes = []
    children = []
    for number in range(3):
        ours, theirs = fork.Pipe(duplex=False)
        child = fork.Process(target=work, args=(path, number * 10_000, 25, theirs))
        child.start()
        theirs.close()
        pipes.append(ours)
        children.append(child)
    for pipe in pipes:
        pipe.recv()
    with Store.open(url_of(path)) as store:
        store.save_profiles(make_profile(number) for number in range(50))
        store.backup(tmp_path / "copy.db")
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0, 0, 0]
        assert len(store.list_alerts(limit=1_000)) == 75
        report = store.verify_audit()
        assert (report.ok, report.entries) == (True, 3 * 75 + 1)
    with Store.open(url_of(tmp_path / "copy.db")) as copy:
        assert copy.verify_audit().ok
        assert copy.check_integrity() == ()


def save_same(path: Path, pipe: Connection) -> None:
    with Store.open(url_of(path)) as store:
        pipe.send([store.save_alert(make_alert(f"A-{number}")).status for number in range(20)])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_two_processes_saving_the_same_alerts_have_one_winner_each(tmp_path: Path) -> None:
    path = tmp_path / "triage.db"
    answers = []
    children = []
    for _ in range(2):
        ours, theirs = fork.Pipe(duplex=False)
        children.append(fork.Process(target=save_same, args=(path, theirs)))
        children[-1].start()
        theirs.close()
        answers.append(ours)
    statuses = [pipe.recv() for pipe in answers]
    for child in children:
        child.join()
    assert [sorted(pair) for pair in zip(*statuses, strict=True)] == [["already_there", "new"]] * 20


def test_action_and_audit_entry_stand_or_fall_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(url_of(tmp_path / "triage.db"))

    def refuse(*_arguments: object, **_more: object) -> None:
        raise StoreError("no audit, no action")

    monkeypatch.setattr(store._audit, "append", refuse)
    for write in (
        lambda: store.save_alert(make_alert()),
        lambda: store.save_failure(make_failure()),
        lambda: store.save_profiles([make_profile(1)]),
        lambda: store.ledger.update("p", MODEL, [ChatGeneration(message=AIMessage("x"))]),
    ):
        with pytest.raises(StoreError, match="no audit, no action"):
            write()
    assert store.list_alerts() == ()
    assert store.count_profiles() == 0
    assert store.profiles_generation() == 0
    assert store.latest_failure("A-1") is None
    assert store.ledger.lookup("p", MODEL) is None
    assert store.verify_audit().entries == 0


def drain(pipe: Connection) -> list[int]:
    """What was acknowledged before the kill; a message cut off by it was not."""
    numbers = []
    try:
        while True:
            numbers.append(pipe.recv())
    except (EOFError, OSError):
        return numbers
