"""A decided alert under invented names: its texts, its profiles, and the machine's draft in the form of gold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from agent.domain.reading import Reading
from agent.domain.reference import Precedent, Profile
from agent.domain.summary import Quotes
from agent.domain.taxonomy import FeatureName, PartyKind
from evals.cases.desk.invented_names import draw_number
from evals.cases.desk.known_names import KnownName
from evals.cases.desk.name_forms import find_words, is_common
from evals.cases.desk.particulars import (
    BirthDates,
    find_exact_dates,
    find_numbers_left,
    replace_numbers,
    scramble,
)
from evals.cases.desk.pseudonyms import NotPseudonymised, Pseudonyms
from evals.cases.desk.rewriting import Rewritten
from evals.cases.gold import Gold

if TYPE_CHECKING:
    from agent.store.decisions import FinalDecision

_LONGEST_EVIDENCE = 1_500
_BIRTHS = frozenset({FeatureName.BIRTH_DATE, FeatureName.BIRTH_YEAR})


@dataclass(frozen=True, slots=True)
class NamedAlert:
    """A decided alert and everything that names somebody in it."""

    final: FinalDecision
    reading: Reading
    profiles: tuple[Profile, ...]
    precedents: tuple[Precedent, ...]

    @property
    def subject_name(self) -> str | None:
        """Whom the alert is about: by its header, else the draft's subject."""
        if self.final.alert.subject is not None:
            return self.final.alert.subject.name
        summary = self.final.record.summary
        return next((party.name for party in summary.parties if party.id == summary.subject_party), None)

    def names(self) -> Iterator[KnownName]:
        """Every name of the alert, the reader, the record, the profiles, the precedents and the two who decided."""
        alert, summary = self.final.alert, self.final.record.summary
        subject = alert.subject
        if subject is not None:
            yield from (KnownName(name, subject.kind) for name in (subject.name, *subject.aliases))
            yield from _organisation(subject.employer)
        read = [party for party in self.reading.parties if not _is_phrase(party.name)]
        named = [(party.kind, party.name, *party.aliases) for party in read]
        named += [(party.kind, party.name, *party.aliases) for party in summary.parties]
        for kind, *forms in named:
            yield from (KnownName(name, PartyKind(kind)) for name in forms if _is_name(name))
        for candidate in self.final.record.candidates:
            yield KnownName(candidate.name)
            yield from (KnownName(name) for one in candidate.profiles for name in (one.name, one.matched_name))
        for profile in self.profiles:
            names = (profile.name, *profile.aliases, *profile.weak_aliases)
            yield from (KnownName(name, profile.kind) for name in names)
            yield from _organisation(profile.employer)
        for precedent in self.precedents:
            people = (precedent.subject_name, precedent.decided_by, precedent.approved_by)
            yield from (KnownName(name, PartyKind.PERSON) for name in people)
        for name in (self.final.decision.author, self.final.approval.by):
            yield KnownName(name, PartyKind.PERSON)
        if "." not in (alert.article.source or "."):
            yield from _organisation(alert.article.source)
        for party in read:
            spans = [(one.start, one.end) for one in party.mentions if one.by_name]
            yield from (KnownName(text, party.kind) for text in self._texts(spans) if _is_name(text))

    def name_spans(self) -> list[tuple[int, int]]:
        """Where the reader saw a person's name in the article."""
        people = [one for one in self.reading.parties if one.kind is PartyKind.PERSON and not _is_phrase(one.name)]
        return [(one.start, one.end) for party in people for one in party.mentions if one.by_name]

    def birth_spans(self) -> list[tuple[int, int]]:
        """Where the article states when somebody was born."""
        stated = [one for party in self.reading.parties for one in party.attributes if one.name in _BIRTHS]
        return [(one.start, one.end) for one in stated]

    def births(self) -> list[str]:
        """Birth dates, the subject's first."""
        subject = self.final.alert.subject
        given = [subject.birth_date if subject is not None else None]
        given += [profile.birth_date for profile in self.profiles]
        written = [one for text in self._texts(self.birth_spans()) for one in find_exact_dates(text)]
        return list(dict.fromkeys([*(one for one in given if one), *written]))

    def identifiers(self) -> list[str]:
        """Numbers and codes by which alert and profiles know somebody."""
        subject = self.final.alert.subject
        own = list(subject.identifiers.values()) if subject is not None else []
        return [*own, *(value for profile in self.profiles for value in profile.identifiers.values())]

    def _texts(self, spans: Iterable[tuple[int, int]]) -> list[str]:
        return list(dict.fromkeys(self.final.alert.article.text[start:end] for start, end in spans))


class DeskDraft:
    """A decided alert rewritten. Raises NotPseudonymised on the way where something cannot be replaced."""

    def __init__(self, named: NamedAlert, names_secret: bytes, case_secret: bytes) -> None:
        """``names_secret`` fixes names, the same in every case; ``case_secret`` fixes numbers and birth dates."""
        self._named = named
        self._secret = case_secret
        ordinary = {word.text for word in find_words(named.final.alert.article.text) if word.text.islower()}
        self._pseudonyms = Pseudonyms(names_secret, named.names(), ordinary)
        self._births = BirthDates(case_secret, named.births(), _article_day(named.final))
        self._article = self._rewrite(named.final.alert.article.text, named.name_spans(), named.birth_spans())

    def rename(self, name: str) -> str:
        """A name, invented."""
        return self._pseudonyms.rename(name)

    def rewrite(self, text: str) -> str:
        """Any text with names, numbers and birth dates replaced."""
        return self._rewrite(text).text

    def alert(self) -> dict[str, Any]:
        """The alert in the wire format, without its id, its address and what intake noted."""
        alert = self._named.final.alert
        article: dict[str, Any] = {"text": self._article.text}
        if alert.article.title is not None:
            article["title"] = self.rewrite(alert.article.title)
        if alert.article.source is not None:
            article["source"] = self.rewrite(alert.article.source)
        if alert.article.url is not None:
            article["url"] = f"https://example.org/{draw_number(self._secret, alert.article.url, 10**6)}"
        article |= {
            key: value
            for key, value in (("published_at", alert.article.published_at), ("language", alert.article.language))
            if value is not None
        }
        written: dict[str, Any] = {"subject": self._subject(), "article": article}
        if alert.received_at is not None:
            written["received_at"] = alert.received_at.isoformat()
        return written

    def profiles(self) -> tuple[Profile, ...]:
        """The profiles the record was drafted with; without notes, which may name anybody, and without their list."""
        return tuple(self._profile(profile) for profile in self._named.profiles)

    def drafted_gold(self) -> dict[str, Any]:
        """Parties, events and counter-evidence of the machine's draft whose words are found again, each just once.

        Empty where what is left would be no valid gold.
        """
        summary = self._named.final.record.summary
        parties = [
            {"id": party.id, "name": name, "kind": party.kind.value, "roles": [party.role.value]}
            for party in summary.parties
            if (name := self.rename(party.name)) in self._article.text
        ]
        known = {str(party["id"]) for party in parties}
        events = [
            {
                "id": event.id,
                "offences": [offence.value for offence in event.offences],
                "stages": [event.stage.value],
                "in_absentia": event.in_absentia,
                "final": event.final,
                "parties": [one for one in event.parties if one in known],
                "evidence": evidence,
            }
            for event in summary.events
            if (evidence := self._evidence(event.quotes))
        ]
        counter = [
            {"id": one.id, "kinds": [one.kind.value], "by": self.rewrite(one.by), "evidence": evidence}
            for one in summary.counter_evidence
            if (evidence := self._evidence(one.quotes))
        ]
        drafted: dict[str, Any] = {"parties": parties, "events": events, "counter_evidence": counter}
        if summary.subject_party in known:
            drafted["subject_party"] = summary.subject_party
        try:
            Gold.model_validate(drafted)
        except ValidationError:
            return {}
        return drafted

    def remarks(self) -> list[str]:
        """What the reviewer must know."""
        found = []
        if not self._named.reading.readable:
            found.append("The reader cannot read this article: names that the draft does not list still stand in it.")
        if any(len(one) == 4 for one in self._named.births()):
            found.append("A birth year that was given alone stays as it was.")
        return found

    def refuse_survivors(self, written: Any) -> None:
        """Raises NotPseudonymised naming every original name, number and birth date that is left in what is written."""
        texts = list(_texts_in(written))
        left = self._pseudonyms.find_survivors(texts)
        left += find_numbers_left(texts, self._named.identifiers())
        left += self._births.find_left(texts)
        if left:
            raise NotPseudonymised(f"still in the text after replacing: {', '.join(map(repr, left[:12]))}")

    def _rewrite(
        self, text: str, spans: Sequence[tuple[int, int]] = (), births: Sequence[tuple[int, int]] = ()
    ) -> Rewritten:
        fixed = self._births.replace_in(text, self._named.reading.language, births)
        for one in replace_numbers(text, self._secret, self._named.identifiers()):
            if not any(one.start < other.end and other.start < one.end for other in fixed):
                fixed.append(one)
        return self._pseudonyms.rewrite(text, spans, fixed)

    def _subject(self) -> dict[str, Any] | None:
        subject = self._named.final.alert.subject
        if subject is None:
            return None
        kept = subject.model_dump(mode="json", exclude_defaults=True) | {"name": self.rename(subject.name)}
        if subject.aliases:
            kept["aliases"] = [self.rename(alias) for alias in subject.aliases]
        if subject.birth_date is not None:
            kept["birth_date"] = self._births.move(subject.birth_date)
        for key in ("occupation", "employer"):
            if kept.get(key) is not None:
                kept[key] = self.rewrite(kept[key])
        if subject.identifiers:
            kept["identifiers"] = self._identifiers(subject.identifiers)
        return kept

    def _profile(self, profile: Profile) -> Profile:
        return Profile(
            profile_id=f"desk-p-{draw_number(self._secret, profile.profile_id, 16**10):010x}",
            name=self.rename(profile.name),
            kind=profile.kind,
            aliases=tuple(map(self.rename, profile.aliases)),
            weak_aliases=tuple(map(self.rename, profile.weak_aliases)),
            birth_date=self._births.move(profile.birth_date) if profile.birth_date else None,
            death_date=profile.death_date,
            nationalities=profile.nationalities,
            countries=profile.countries,
            positions=tuple(self.rewrite(one)[:200] for one in profile.positions),
            employer=self.rewrite(profile.employer)[:200] if profile.employer else None,
            topics=profile.topics,
            identifiers=self._identifiers(profile.identifiers),
        )

    def _identifiers(self, given: Mapping[str, str]) -> dict[str, str]:
        return {key: scramble(self._secret, value) for key, value in given.items()}

    def _evidence(self, quotes: Quotes) -> list[str]:
        """The quotes' words in the new text, as far as they stand there once and are short enough."""
        found = []
        for quote in quotes:
            if quote.start is not None and quote.end is not None:
                start, end = self._article.move(quote.start, quote.end)
                words = self._article.text[start:end]
                if 0 < len(words) <= _LONGEST_EVIDENCE and self._article.text.count(words) == 1:
                    found.append(words)
        return list(dict.fromkeys(found))[:8]


def _organisation(name: str | None) -> Iterator[KnownName]:
    if name is not None and _is_name(name):
        yield KnownName(name, PartyKind.ORGANISATION)


def _is_name(text: str) -> bool:
    """Whether a party's name is one, and not a description: a cased script writes a capital somewhere in it."""
    return text != text.lower() or text.upper() == text.lower()


def _is_phrase(text: str) -> bool:
    """Whether what the reader took for a name is a phrase of common words, such as FOR IMMEDIATE RELEASE."""
    words = text.casefold().split()
    return all(map(is_common, words)) and (len(words) > 2 or words[-1:] == ["release"])


def _article_day(final: FinalDecision) -> date | None:
    """The day from which ages in the article count."""
    published = final.alert.article.published_at
    if published is not None and len(published) == 10:
        return date.fromisoformat(published)
    return final.alert.received_at.date() if final.alert.received_at is not None else None


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts_in(part)
