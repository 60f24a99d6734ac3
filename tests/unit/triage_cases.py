"""Small readings and drafts for the tests of grounding, omissions and recommendation. All people are invented."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.domain.alert import Article, Mention, Passage, Sentence
from agent.domain.reading import (
    Cue,
    CueKind,
    Finding,
    Reading,
    ReadParty,
    RiskSentence,
    SubjectBasis,
)
from agent.domain.summary import Event, Identity, IdentityFeature, Party, Quote, RiskSummary
from agent.domain.taxonomy import (
    FeatureName,
    FeatureVerdict,
    IdentityVerdict,
    Offence,
    PartyKind,
    Role,
    Stage,
)

TEXT = (
    "Ana Sel was convicted of fraud in Lisbon on 3 March 2021. She had taken €14.2 million from clients.\n"
    "Her lawyer, Rui Paz, called the charges absurd. Bo Tarn lost his savings.\n"
    "Prosecutors had charged Dina Orr with forgery. The court acquitted Dina Orr."
)
NAMES = {"R1": "Ana Sel", "R2": "Rui Paz", "R3": "Bo Tarn", "R4": "Dina Orr"}
CUES = (
    ("convicted", CueKind.STAGE, "convicted"),
    ("fraud", CueKind.OFFENCE, "fraud"),
    ("charged", CueKind.STAGE, "charged"),
    ("forgery", CueKind.OFFENCE, "forgery"),
    ("acquitted", CueKind.STAGE, "acquitted"),
    ("taken", CueKind.OFFENCE, "embezzlement"),
)


def split(text: str) -> tuple[Passage, ...]:
    passages = []
    for number, paragraph in enumerate(re.finditer(r"[^\n]+", text), start=1):
        sentences = tuple(
            Sentence(
                id=f"p{number}.s{place}", start=paragraph.start() + match.start(), end=paragraph.start() + match.end()
            )
            for place, match in enumerate(re.finditer(r"\S.*?(?:[.!?](?=\s|$)|$)", paragraph.group()), start=1)
        )
        passages.append(Passage(id=f"p{number}", start=paragraph.start(), end=paragraph.end(), sentences=sentences))
    return tuple(passages)


def make_reading(
    text: str = TEXT,
    *,
    names: dict[str, str] | None = None,
    cues: Sequence[tuple[str, CueKind, str]] = CUES,
    negated: Sequence[str] = (),
    pointers: Sequence[tuple[str, str]] = (("She", "R1"), ("Her", "R1")),
    roles: dict[str, Role] | None = None,
    findings: Sequence[Finding] = (),
    risk: Sequence[str] = (),
    subject: str | None = "R1",
    basis: SubjectBasis = SubjectBasis.HEADER,
    **fields: object,
) -> Reading:
    """A reading of ``text``: names, cues and pointers are found by plain search."""
    passages = split(text)
    sentences = [sentence for passage in passages for sentence in passage.sentences]

    def sentence_of(start: int) -> str:
        return next((s.id for s in sentences if s.start <= start < s.end), sentences[0].id)

    def places(word: str) -> list[re.Match[str]]:
        return list(re.finditer(rf"\b{re.escape(word)}\b", text))

    parties = []
    for party_id, name in (NAMES if names is None else names).items():
        mentions = [Mention(start=m.start(), end=m.end(), sentence=sentence_of(m.start())) for m in places(name)]
        mentions += [
            Mention(start=m.start(), end=m.end(), sentence=sentence_of(m.start()), by_name=False)
            for word, target in pointers
            if target == party_id
            for m in places(word)
        ]
        role = (roles or {}).get(party_id, Role.UNDETERMINED)
        parties.append(ReadParty(id=party_id, name=name, kind=PartyKind.PERSON, role=role, mentions=tuple(mentions)))
    found = [
        Cue(
            kind=kind,
            value=value,
            start=m.start(),
            end=m.end(),
            sentence=sentence_of(m.start()),
            negated=word in negated,
        )
        for word, kind, value in cues
        for m in places(word)
    ]
    return Reading.model_validate(
        {
            "language": "en",
            "readable": True,
            "passages": passages,
            "parties": parties,
            "cues": found,
            "findings": list(findings),
            "risk_sentences": [RiskSentence(sentence=sentence, cues=("cue",)) for sentence in risk],
            "subject": subject,
            "subject_basis": basis,
            **fields,
        }
    )


def make_article(text: str = TEXT) -> Article:
    return Article(text=text)


def quoted(*texts: str) -> tuple[Quote, ...]:
    return tuple(Quote(text=text) for text in texts)


def placed(text: str, source: str = TEXT) -> tuple[Quote, ...]:
    start = source.index(text)
    return (Quote(text=text, start=start, end=start + len(text)),)


def make_party(party_id: str = "P1", name: str = "Ana Sel", role: Role = Role.OFFENDER, *quotes: str) -> Party:
    return Party(id=party_id, name=name, kind=PartyKind.PERSON, role=role, quotes=quoted(*quotes))


def make_event(
    stage: Stage = Stage.CONVICTED,
    *quotes: str,
    parties: Sequence[str] = ("P1",),
    offences: Sequence[Offence] = (Offence.FRAUD,),
    **fields: object,
) -> Event:
    return Event.model_validate(
        {
            "id": "E1",
            "offences": tuple(offences),
            "stage": stage,
            "in_absentia": False,
            "final": False,
            "parties": tuple(parties),
            "claim": "",
            "quotes": quoted(*quotes),
            **fields,
        }
    )


def make_summary(
    parties: Sequence[Party] | None = None, events: Sequence[Event] = (), subject: str | None = "P1", **fields: object
) -> RiskSummary:
    return RiskSummary.model_validate(
        {
            "parties": tuple([make_party()] if parties is None else parties),
            "subject_party": subject,
            "events": tuple(events),
            **fields,
        }
    )


def identity(verdict: IdentityVerdict, *conflicts: FeatureName) -> Identity:
    features = tuple(IdentityFeature(name=name, verdict=FeatureVerdict.CONFLICT) for name in conflicts)
    return Identity(verdict=verdict, features=features)
