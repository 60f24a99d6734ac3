"""A labelling session: claim by claim a person reads evidence and says what it supports, and sees no other word."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from evals.judge.claims import Claim
from evals.judge.labels import Label, LabelBook, fold_person, latest_labels
from evals.judge.rubric import Rubric, Support

KEYS: Final = MappingProxyType({"s": Support.SUPPORTED, "u": Support.UNSUPPORTED, "?": Support.CANNOT_TELL})
QUESTION: Final = "[s] supported  [u] unsupported  [?] cannot tell  [b] back  [q] stop: "
ALL_DONE: Final = "All are labelled.  [b] back to the last  [q] stop: "
_WIDTH: Final = 100
_CLAIM, _CITED, _CONTEXT = "  claim    | ", "  cited    | ", "  context  | "
"""Every shown line begins with one of these, so that no text can pass for a line of the program."""

Say = Callable[[str], None]
"""Shows lines to the person; makes them safe for a terminal."""
Listen = Callable[[str], str | None]
"""Asks the question and returns the answer, None at the end of input."""


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """Where a session stands when it ends."""

    given: int
    """Labels given in this session, changed ones included."""
    labelled: int
    """Claims of the sample with this person's label."""
    total: int


def label_claims(
    book: LabelBook, tasks: Sequence[Claim], rubric: Rubric, *, by: str, run_id: str, say: Say, listen: Listen
) -> SessionEnd:
    """Ask one person about each task that they have not labelled yet. Each label is on disk before the next claim.

    Nothing is shown but the claim, its evidence and how far the session is: no verdict, and no other person's label.
    """
    me = fold_person(by)
    mine = {claim for claim, words in latest_labels(book.labels, rubric.hash).items() if me in words}
    given, place = 0, _next_open(tasks, mine, 0)
    while tasks:
        if place == len(tasks):
            if listen(ALL_DONE) != "b":
                break
            place -= 1
        task = tasks[place]
        say(f"\n{place + 1} of {len(tasks)}")
        for line in show_claim(task):
            say(line)
        key = _listen_for_key(listen, say)
        if key == "q":
            break
        if key == "b":
            place = max(place - 1, 0)
            continue
        label = Label(
            claim=task.hash,
            rubric=rubric.hash,
            label=KEYS[key],
            by=by,
            at=datetime.now(UTC),
            run_id=run_id,
            case_id=task.case_id,
            claim_id=task.claim_id,
        )
        book.append(label)
        given += 1
        mine.add(task.hash)
        place = _next_open(tasks, mine, place + 1)
    return SessionEnd(given, sum(task.hash in mine for task in tasks), len(tasks))


def show_claim(claim: Claim) -> Iterator[str]:
    """The lines that a person sees of a claim: the same words that the judge is sent."""
    for line in claim.statement:
        yield from _wrap(line, _CLAIM)
    for piece in claim.evidence:
        yield ""
        for quote in piece.quotes:
            yield from _wrap(quote, _CITED)
        for sentence in piece.sentences:
            yield from _wrap(sentence, _CONTEXT)


def _wrap(text: str, margin: str) -> list[str]:
    flat = " ".join(text.split())
    return textwrap.wrap(flat, _WIDTH, initial_indent=margin, subsequent_indent=margin) or [margin]


def _listen_for_key(listen: Listen, say: Say) -> str:
    while True:
        answer = listen(QUESTION)
        key = "q" if answer is None else answer.strip().lower()
        if key in KEYS or key in {"b", "q"}:
            return key
        say("  Type one of s, u, ?, b, q and Enter.")


def _next_open(tasks: Sequence[Claim], mine: set[str], start: int) -> int:
    """The next task without this person's label, the number of tasks where there is none."""
    return next((place for place in range(start, len(tasks)) if tasks[place].hash not in mine), len(tasks))
