"""What the evaluation scripts ask of the reader, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from agent.domain.alert import Article, Subject
from agent.domain.reading import Reading, SubjectBasis
from agent.domain.taxonomy import Stage
from agent.reading.reader import Reader
from evals.cases.outside import press_releases

Adverse = Literal["adverse", "non_adverse", "abstain"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Adverse or not, and the sentence or reason that made it so."""

    label: Adverse
    why: str


@cache
def _reader() -> Reader:
    return Reader()


def read(text: str, title: str | None = None, name: str | None = None) -> Reading:
    """The reader's reading of a text, about a named subject or a blank header."""
    subject = Subject(name=name[:300]) if name else None
    return _reader().read(Article(text=text, title=title), subject)


def judge(text: str, title: str | None, entity_name: str | None) -> Verdict:
    """Adverse when something is held against the subject.

    It abstains where the text could not be read, where the subject was not found or not determined, and where adverse
    words stand beside the subject without a sentence that ties them: the product shows those to a person as uncovered.
    """
    reading = read(text, title, entity_name)
    sentences = reading.sentences()
    for finding in reading.findings:
        if not finding.negated and reading.subject is not None and reading.subject in finding.parties:
            sentence = sentences[finding.sentence]
            return Verdict("adverse", f"{finding.stage}: {text[sentence.start : sentence.end]}")
    if not reading.readable:
        return Verdict("abstain", reading.unreadable_reason or "not readable")
    if reading.subject is None or reading.subject_basis is SubjectBasis.NOT_IN_TEXT:
        return Verdict("abstain", f"subject {reading.subject_basis}")
    if reading.risk_sentences:
        return Verdict("abstain", "adverse words near the subject, tie unclear")
    return Verdict("non_adverse", f"{len(reading.findings)} findings, none against the subject")


def predict_adverse(text: str, title: str | None, entity_name: str | None) -> Adverse:
    """Whether the text holds something against the named entity, or against whomever it is mainly about."""
    return judge(text, title, entity_name).label


def strongest_stage(text: str) -> Stage:
    """The strongest stage that the text states of anybody; ``undetermined`` when it states none."""
    stages = {finding.stage for finding in read(text).findings if not finding.negated}
    return press_releases.strongest_stage(stages)
