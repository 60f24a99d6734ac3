"""The dossier: an alert, its reading, and what the team already knows that bears on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from agent.domain.alert import Alert
from agent.domain.reading import Finding, Reading, ReadParty
from agent.domain.reference import Dossier, PrecedentMatch, PrecedentQuery, ProfileMatch
from agent.domain.taxonomy import ADVERSE_ROLES, PrecedentOutcome, Role
from agent.errors import RetrievalError
from agent.triage.names import as_written, name_tokens
from retrieval.names.comparison import SAME_NAME

MOST_PROFILES = 20
MOST_PRECEDENTS = 6
MOST_MENTIONS = 24
"""Names looked up for one alert."""
_MOST_ASKED = MOST_PROFILES + 1
"""Profiles asked for, a name: one more than there is room for, so that a cut is known."""
_MOST_NEAR = 3
"""Profiles of a near name kept beside those of the same one."""
_MOST_ALIASES = 8
_MENTION_CHARS = 200
NOT_LOOKED_UP = "Reference profiles could not be looked up"
"""How the note begins that says so: then no profile is no finding."""
_NOT_BUILT = ("No reference index", "No profile can be found by name")
"""How the index's own notes begin that say so."""
AnswerT = TypeVar("AnswerT")


class ReferenceSource(Protocol):
    """Where profiles and precedents are found; ``retrieval.index.ReferenceIndex`` is one."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the index: none built yet, older than the store."""

    def find_profiles(self, names: Sequence[str], limit: int) -> list[ProfileMatch]:
        """At most ``limit`` profiles that bear one of the names, the best of each name first; raises RetrievalError.

        Each match says for which of the names it was found.
        """

    def detect_names(self, text: str) -> list[str]:
        """The names of known profiles that stand in a text, as written there; raises RetrievalError."""

    def find_precedents(self, query: PrecedentQuery, limit: int) -> list[PrecedentMatch]:
        """Like cases decided before the query's moment; raises RetrievalError."""

    def outcome_counts(self) -> dict[PrecedentOutcome, int]:
        """How all precedents ended; raises RetrievalError."""


class _Mention(NamedTuple):
    """A name to look up, and under which key its bearer's other names are."""

    name: str
    bearer: str


_SUBJECT = "subject"


def build_dossier(alert: Alert, reading: Reading, source: ReferenceSource | None, now: datetime) -> Dossier:
    """Retrieve for an alert; without a source nothing is.

    What cannot answer costs its own part of the dossier and leaves a note: names may be found while precedents are not.
    """
    if source is None:
        return Dossier(alert=alert, reading=reading)
    notes = list(source.notes)

    def ask(what_fails: str, question: Callable[[], AnswerT], otherwise: AnswerT) -> AnswerT:
        try:
            return question()
        except RetrievalError as error:
            notes.append(f"{what_fails}: {error}"[:600])
            return otherwise

    detected: list[str] = ask(
        "The text was not searched for the names of known profiles",
        lambda: source.detect_names(alert.article.text),
        [],
    )
    mentions = _names_to_look_up(alert, reading, detected)
    profiles: list[ProfileMatch] = ask(NOT_LOOKED_UP, lambda: _find_profiles(source, mentions[:MOST_MENTIONS]), [])
    notes += _describe_cuts(mentions, profiles)
    query = describe_case(alert, reading, now)
    precedents: list[PrecedentMatch] = []
    counts: dict[PrecedentOutcome, int] = {}
    if query is not None:
        precedents = ask(
            "Earlier decisions could not be looked up", lambda: source.find_precedents(query, MOST_PRECEDENTS), []
        )
        counts = ask("How earlier decisions ended could not be counted", source.outcome_counts, {})
    return Dossier(
        alert=alert,
        reading=reading,
        profiles=tuple(profiles[:MOST_PROFILES]),
        precedents=tuple(precedents),
        outcome_counts=counts,
        notes=tuple(dict.fromkeys(notes))[:20],
    )


def profiles_looked_up(dossier: Dossier) -> bool:
    """Whether the names could be looked up, so that no profile means that there is none."""
    return not any(note.startswith((NOT_LOOKED_UP, *_NOT_BUILT)) for note in dossier.notes)


def _names_to_look_up(alert: Alert, reading: Reading, detected: Sequence[str]) -> list[_Mention]:
    """The screened names, those of the parties that are given a part, then names of known profiles in the text."""
    kept: dict[tuple[str, ...], _Mention] = {}
    for mention in _all_mentions(alert, reading, detected):
        comparable = tuple(sorted(name_tokens(mention.name)))
        if comparable:
            kept.setdefault(comparable, mention)
    return list(kept.values())


def _all_mentions(alert: Alert, reading: Reading, detected: Sequence[str]) -> Iterator[_Mention]:
    if alert.subject is not None:
        for name in (alert.subject.name, *alert.subject.aliases[:_MOST_ALIASES]):
            yield _Mention(name, _SUBJECT)
    for party in _parties_with_a_part(reading):
        written = as_written(party, alert.article.text)
        bearer = _SUBJECT if party.id == reading.subject and alert.subject is not None else party.id
        fuller = [name for name in written.aliases if len(name_tokens(name)) > 1]
        for name in (written.name, *fuller[:2]):
            yield _Mention(name, bearer)
    for name in detected:
        yield _Mention(name, name)


def _parties_with_a_part(reading: Reading) -> list[ReadParty]:
    """The subject first, then the adverse; not those merely mentioned, nor those the article does not name."""
    held = {party for finding in reading.findings for party in finding.parties}
    parties = [
        party
        for party in reading.parties
        if any(mention.by_name for mention in party.mentions)
        and (party.role is not Role.MENTIONED or party.id in held or party.id == reading.subject)
    ]
    return sorted(
        parties,
        key=lambda party: (party.id != reading.subject, party.role not in ADVERSE_ROLES, party.id not in held),
    )


def _find_profiles(source: ReferenceSource, mentions: Sequence[_Mention]) -> list[ProfileMatch]:
    """What each name met: all namesakes and a few near names. The best of each name and the subject's come first."""
    asked = {mention.name.strip()[:_MENTION_CHARS]: mention for mention in mentions}
    found: dict[str, list[ProfileMatch]] = {name: [] for name in asked}
    for match in source.find_profiles(list(asked), len(asked) * _MOST_ASKED) if asked else ():
        found[match.mention].append(match)
    placed: dict[tuple[str, str, str], tuple[tuple[bool, int, int], ProfileMatch]] = {}
    for order, (name, mention) in enumerate(asked.items()):
        best_first = sorted(found[name], key=lambda match: (-match.score, match.profile.profile_id))
        namesakes = [match for match in best_first if match.score >= SAME_NAME]
        near = [match for match in best_first if match.score < SAME_NAME][:_MOST_NEAR]
        for rank, match in enumerate([*namesakes, *near]):
            first = rank == 0 or (mention.bearer == _SUBJECT and rank < len(namesakes))
            met = (mention.bearer, match.profile.profile_id, match.matched_name)
            place, known = placed.get(met, ((not first, order, rank), match))
            placed[met] = (place, max(known, match, key=lambda one: one.score))
    return [match for _, match in sorted(placed.values(), key=lambda pair: pair[0])]


def _describe_cuts(mentions: Sequence[_Mention], profiles: Sequence[ProfileMatch]) -> Iterator[str]:
    """What there was no room for: silence would read as nothing found."""
    if len(mentions) > MOST_MENTIONS:
        names = ", ".join(mention.name for mention in mentions[MOST_MENTIONS:])
        yield f"There is room for {MOST_MENTIONS} names; no profiles were looked up for: {names}"[:600]
    if len(profiles) > MOST_PROFILES:
        names = ", ".join(dict.fromkeys(match.mention for match in profiles[MOST_PROFILES:]))
        yield f"There is room for {MOST_PROFILES} profiles; more were found for: {names}"[:600]


def describe_case(alert: Alert, reading: Reading, now: datetime) -> PrecedentQuery | None:
    """What to look for among past decisions; None when the article could not be read."""
    if not reading.readable:
        return None
    party = reading.party(reading.subject) if reading.subject else None
    about = _findings_about_the_subject(reading)
    offences = tuple(dict.fromkeys(offence for finding in about for offence in finding.offences))
    stages = tuple(dict.fromkeys(finding.stage for finding in about))
    name = party.name if party is not None else alert.subject.name if alert.subject is not None else None
    sentences = reading.sentences()
    wanted = list(dict.fromkeys(finding.sentence for finding in about))[:4] or list(sentences)[:2]
    text = " ".join(alert.article.text[sentences[one].start : sentences[one].end] for one in wanted)
    return PrecedentQuery(
        text=" ".join(text.split())[:2_000],
        subject_name=name,
        offences=offences,
        stages=stages,
        role=party.role if party is not None else Role.UNDETERMINED,
        jurisdiction=next((finding.jurisdiction for finding in about if finding.jurisdiction), None),
        source_kind=reading.source_kind,
        exclude_alert_id=alert.alert_id,
        before=alert.received_at or now,
    )


def _findings_about_the_subject(reading: Reading) -> list[Finding]:
    """What is held against the subject; where that is nothing, the risk sentences that are tied to nobody."""
    findings = [finding for finding in reading.findings if not finding.negated]
    if reading.subject is None:
        return findings
    risky = {risk.sentence for risk in reading.risk_sentences}
    own = [finding for finding in findings if reading.subject in finding.parties]
    return own or [finding for finding in findings if not finding.parties and finding.sentence in risky]
