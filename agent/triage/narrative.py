"""A short narrative from grounded parts: neutral, attributed to the article, in the past tense, citing its events."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agent.domain.summary import CounterEvidence, Event, Party
from agent.domain.taxonomy import CounterEvidenceKind, Offence, Stage

MOST_WORDS = 200
NOTHING_ADVERSE = "No adverse information about the subject was found in this text."
SUBJECT_ABSENT = "The screened subject was not found in this text."
NO_SUBJECT = "Whom the alert concerned could not be determined from this text."
UNPLACED = "The text held adverse wording that could not be tied to anybody with certainty; its sentences are listed."

_VERBS = {
    Stage.ALLEGATION: "was accused of",
    Stage.INVESTIGATION: "was investigated for",
    Stage.WANTED: "was wanted for",
    Stage.ARRESTED: "was arrested or detained over",
    Stage.CHARGED: "was charged with",
    Stage.TRIAL: "stood trial for",
    Stage.CONVICTED: "was convicted of",
    Stage.APPEAL: "was in appeal proceedings over",
    Stage.ACQUITTED: "was acquitted of",
    Stage.DISMISSED: "had proceedings dismissed over",
    Stage.OVERTURNED: "had a ruling overturned over",
    Stage.SETTLED: "settled a matter of",
    Stage.PENALTY: "was penalised for",
    Stage.SANCTIONED: "was sanctioned over",
    Stage.ASSET_SEIZURE: "had assets seized or frozen over",
    Stage.PARDONED: "was pardoned over",
    Stage.UNDETERMINED: "was named in connection with",
}
_COUNTER = {
    CounterEvidenceKind.DENIAL: "a denial",
    CounterEvidenceKind.ACQUITTAL: "an acquittal",
    CounterEvidenceKind.DISMISSAL: "a dismissal of proceedings",
    CounterEvidenceKind.OVERTURNED: "an overturned ruling",
    CounterEvidenceKind.CORRECTION: "a correction",
    CounterEvidenceKind.COURT_CRITICISM: "criticism by a court",
    CounterEvidenceKind.ASYLUM_OR_REFUGEE_STATUS: "asylum, refugee status or a refused extradition",
    CounterEvidenceKind.NOTICE_WITHDRAWN: "a withdrawn notice or listing",
    CounterEvidenceKind.POLITICAL_MOTIVATION: "a political context or motive",
    CounterEvidenceKind.CREDIBILITY_CHALLENGE: "a challenge to the accusations' credibility",
    CounterEvidenceKind.DECEASED: "a death",
    CounterEvidenceKind.OTHER: "something else for the other side",
}
_OFFENCES = {
    Offence.MURDER_VIOLENCE: "murder or violence",
    Offence.ROBBERY_THEFT: "robbery or theft",
    Offence.ORGANISED_CRIME: "organised crime",
    Offence.INSIDER_DEALING_MARKET_ABUSE: "insider dealing or market abuse",
    Offence.OTHER: "a matter not classified here",
}
_OPENS_DESCRIPTION = frozenset(
    "his her their the a an he she they two three four several some many at more other".split()
)
"""First words of a party that is described, not named: small in mid-sentence."""
_OPENS_PLURAL = frozenset("two three four several some many at more other their".split())


def write_narrative(
    parties: Sequence[Party],
    subject: str | None,
    events: Sequence[Event],
    counter: Sequence[CounterEvidence],
    opening: str = NOTHING_ADVERSE,
) -> str:
    """Sentences about the subject's events, then the counter-evidence, then others' events, within 200 words.

    ``opening`` is said where no event is held against the subject. Only names, dates and amounts the parts hold are
    used. What does not fit is left to the claims themselves.
    """
    names = {party.id: party.name for party in parties}
    about = [event for event in events if subject is not None and subject in event.parties]
    others = [event for event in events if event not in about]
    lines = [] if about else [opening]
    lines += [_event_line(event, names) for event in about]
    lines += list(_counter_lines(counter))
    lines += [_event_line(event, names) for event in others]
    kept: list[str] = []
    words = 0
    for line in lines:
        words += len(line.split())
        if words > MOST_WORDS or sum(map(len, kept)) + len(line) > 1_900:
            break
        kept.append(line)
    return " ".join(kept)


def _event_line(event: Event, names: dict[str, str]) -> str:
    who = list(dict.fromkeys(names[party] for party in event.parties if party in names))
    what = _join([_OFFENCES.get(offence, offence.value.replace("_", " ")) for offence in event.offences])
    if not who:
        return f"It also spoke of {what}, without saying clearly against whom ({event.id})."
    details = " in absentia" if event.in_absentia else ""
    if event.date is not None:
        details += f" (dated in the text: {event.date.text})"
    if event.amounts:
        details += f", involving {_join([amount.text for amount in event.amounts[:2]])}"
    verb = _VERBS[event.stage]
    if len(who) > 1 or _is_plural(who[0]):
        verb = re.sub(r"^was ", "were ", verb)
    return f"The article reported that {_join([_uncapital(name) for name in who])} {verb} {what}{details} ({event.id})."


def _counter_lines(counter: Sequence[CounterEvidence]) -> Iterator[str]:
    grouped: dict[CounterEvidenceKind, dict[str, list[str]]] = {}
    for entry in counter:
        grouped.setdefault(entry.kind, {}).setdefault(entry.by, []).append(entry.id)
    for kind, voices in grouped.items():
        cited = [", ".join(ids) + ("" if by == "not stated" else f" by {_uncapital(by)}") for by, ids in voices.items()]
        yield f"It also reported {_COUNTER[kind]} ({'; '.join(cited)})."


def _uncapital(name: str) -> str:
    """``His lawyer, …`` in mid-sentence; names keep their capitals."""
    return name[0].lower() + name[1:] if " " in name and _first_word(name) in _OPENS_DESCRIPTION else name


def _is_plural(name: str) -> bool:
    """Whether a described party is several: ``two other men``, ``the two officials``."""
    words = name.lower().split()
    return bool(_OPENS_PLURAL.intersection(words[: 2 if words[0] == "the" else 1]))


def _first_word(name: str) -> str:
    return name.split(" ", 1)[0].lower()


def _join(parts: Sequence[str]) -> str:
    unique = list(dict.fromkeys(parts))
    if len(unique) < 2:
        return "".join(unique)
    return f"{', '.join(unique[:-1])} and {unique[-1]}"
