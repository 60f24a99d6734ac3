"""What precedents do to recommendations on real articles: ``python -m tests.bench.ablation [DATA] [--alerts N]``.

Alerts are a seeded sample of the held-out part of adverse_media_articles.jsonl with second-checked labels. Other rows
are triaged, decided by their label (adverse: material, non_adverse: not adverse), made into precedents as the product
makes them, and found by its own ranking over exact vectors. Each alert is triaged with its precedents, without, with
another alert's, and with poisoned ones:

extractive  drafts from the article alone: 0 flips by construction, its table shows what is retrieved
swayed      a scripted model that answers as the extractive drafter does until all its precedents argue one way, and
            then does what they say. Its honest answers hold no more than the reader finds, so the reader's floor is as
            strong here as its recall; what a better model finds beyond the reader is not measured here

Subjects get the age, nationality and occupation that the article itself states, so that identity stands in the way of
a close as seldom as it can. Labels are for reporting alone. Exits with 1 when poison lowered anything.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args

import numpy as np

from agent.domain.alert import Alert, Article, Subject
from agent.domain.reading import Reading
from agent.domain.record import Approval, Decision, TriageRecord
from agent.domain.reference import Precedent, PrecedentMatch, PrecedentQuery, ProfileMatch
from agent.domain.taxonomy import Disposition, FeatureName, PartyKind, PrecedentOutcome
from agent.reading.places import country_codes
from agent.triage.ablation import AblatedAlert, AlertPlan, Condition, MakePipeline, ablate_alert, plan_ablation
from agent.triage.ablation_report import AblationReport, format_report, report_ablation
from agent.triage.dossier import ReferenceSource
from agent.triage.extractive import ExtractiveDrafter
from agent.triage.past_decision import precedent_from_decision
from retrieval.documents import describe_precedent, describe_query
from retrieval.embedding.minilm import MiniLmEmbedder
from retrieval.precedents.ranking import Vector, rank_precedents
from tests.bench.figures import data_dir, load_rows, split_of, subject_key
from tests.spine.parts import make_llm_drafter, make_pipeline, reader
from tests.spine.swayed import Obedience, SwayedModel

SEED: Final = 20
DISPOSITIONS: Final = {"adverse": Disposition.TRUE_MATCH_MATERIAL, "non_adverse": Disposition.NOT_ADVERSE}
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
POISONS: Final = (Condition.POISONED_CLOSE, Condition.POISONED_ESCALATE)
_CHECKED = {"clean_train", "public_test"}


class PastRows:
    """Rows as past decisions, ranked by the product, searched exactly."""

    notes: tuple[str, ...] = ()

    def __init__(self, precedents: Sequence[Precedent]) -> None:
        self._embedder = MiniLmEmbedder()
        self._by_id = {precedent.precedent_id: precedent for precedent in precedents}
        self._ids: dict[PrecedentOutcome, list[str]] = {outcome: [] for outcome in PrecedentOutcome}
        for precedent in precedents:
            self._ids[precedent.outcome].append(precedent.precedent_id)
        self._vectors = {
            outcome: self._embedder.embed([describe_precedent(self._by_id[one]) for one in ids])
            for outcome, ids in self._ids.items()
        }

    def find_profiles(self, names: Sequence[str], limit: int) -> list[ProfileMatch]:
        return []

    def detect_names(self, text: str) -> list[str]:
        return []

    def find_precedents(self, query: PrecedentQuery, limit: int) -> list[PrecedentMatch]:
        (vector,) = self._embedder.embed([describe_query(query)])

        def nearest(outcome: PrecedentOutcome, most: int) -> list[tuple[str, float, Vector]]:
            ids, vectors = self._ids[outcome], self._vectors[outcome]
            if not ids:
                return []
            cosines = vectors @ vector
            places = np.argsort(-cosines, kind="stable")[:most]
            return [(ids[place], float(cosines[place]), vectors[place]) for place in places]

        return rank_precedents(
            query, limit, dense=nearest, lexical=_no_words, load=self._load, vectors=_no_vectors, query_vector=vector
        )

    def outcome_counts(self) -> dict[PrecedentOutcome, int]:
        return {outcome: len(ids) for outcome, ids in self._ids.items() if ids}

    def _load(self, ids: Sequence[str]) -> Mapping[str, Precedent]:
        return {one: self._by_id[one] for one in ids}


def _no_words(_outcome: PrecedentOutcome, _limit: int) -> Sequence[tuple[str, float]]:
    return ()


def _no_vectors(_outcome: PrecedentOutcome, _ids: Sequence[str]) -> Mapping[str, Vector]:
    return {}


def make_past_cases(rows: Sequence[Mapping[str, Any]]) -> list[Precedent]:
    """Rows as decisions of the past, drafted and made into precedents as the product does it."""
    pipeline = make_pipeline()
    made = []
    for number, row in enumerate(rows):
        decided_at = NOW - timedelta(days=1_000 + number)
        alert = make_alert(row).model_copy(update={"received_at": decided_at})
        record = asyncio.run(pipeline.triage(alert))
        if not isinstance(record, TriageRecord):
            continue
        decision = Decision(
            decision_id=f"PAST-{number}",
            alert_id=alert.alert_id,
            author="First Assessor",
            disposition=DISPOSITIONS[row["label"]],
            reason_code=row["label"],
            rationale=f"Assessed as {row['label'].replace('_', ' ')}.",
            decided_at=decided_at,
        )
        approval = Approval(decision=decision, by="Second Checker", approved_at=decided_at)
        precedent = precedent_from_decision(alert, record, decision, approval)
        made += [precedent] if precedent is not None else []
    return made


def make_alert(row: Mapping[str, Any]) -> Alert:
    """A row as an alert whose subject is given with all that the article states of it."""
    article = Article(text=row["text"], title=(row["title"] or "")[:1_000] or None, published_at=row["published"])
    subject = Subject(name=row["entity_name"][:300]) if row["entity_name"] else None
    if subject is not None:
        subject = _complete(subject, reader().read(article, subject), row["published"])
    return Alert(alert_id=row["id"], subject=subject, article=article, received_at=NOW)


def _complete(subject: Subject, reading: Reading, published: str | None) -> Subject:
    party = reading.party(reading.subject) if reading.subject else None
    if party is None:
        return subject
    stated = {attribute.name: attribute.value for attribute in party.attributes}
    changes: dict[str, Any] = {}
    age = "".join(filter(str.isdigit, stated.get(FeatureName.AGE, "")))
    if age and published:
        changes = {"birth_date": str(int(published[:4]) - int(age[:3])), "kind": PartyKind.PERSON}
    if codes := country_codes(stated.get(FeatureName.NATIONALITY, "")):
        changes["nationalities"] = tuple(sorted(codes))[:10]
    if occupation := stated.get(FeatureName.OCCUPATION):
        changes["occupation"] = occupation
    return subject.model_copy(update=changes)


def run(plans: Sequence[AlertPlan], source: ReferenceSource, make: Mapping[str, MakePipeline]) -> list[AblatedAlert]:
    """Every plan with its own pipeline."""
    return [asyncio.run(ablate_alert(plan, source, make[plan.alert.alert_id])) for plan in plans]


def make_swayed(plan: AlertPlan, source: ReferenceSource, obedience: Obedience) -> tuple[MakePipeline, SwayedModel]:
    """A pipeline whose model obeys its precedents in one of the ways, and that model."""
    dossier = make_pipeline(source=source).prepare(plan.alert)
    reading, text = dossier.reading, plan.alert.article.text
    sentences = reading.sentences()
    risky = {risk.sentence for risk in reading.risk_sentences}
    words = {one: " ".join(text[place.start : place.end].split())[:1_400] for one, place in sentences.items()}
    adverse = [words[one] for one in sentences if one in risky and words[one]][:8]
    named = {mention.sentence for party in reading.parties if party.id == reading.subject for mention in party.mentions}
    calm = [words[one] for one in sentences if one not in risky and words[one]]
    calm_about = [words[one] for one in sentences if one in named - risky and words[one]]
    harmless = next(iter([*calm_about, *calm]), text[:200])
    model = SwayedModel(ExtractiveDrafter().draft(dossier).summary, adverse or [harmless], harmless, obedience)

    def make(given: ReferenceSource) -> Any:
        return make_pipeline(make_llm_drafter(model, repeat=True)[0], source=given)

    return make, model


def print_report(title: str, report: AblationReport) -> None:
    print(f"\n{title}")
    for line in format_report(report):
        print(f"  {line}")


def print_by_label(done: Sequence[AblatedAlert], labels: Mapping[str, str]) -> None:
    """What each label's alerts were recommended with precedents, and under poison that orders a close."""
    for condition in (Condition.WITH, Condition.POISONED_CLOSE):
        counts = Counter(
            (labels[one.plan.alert.alert_id], outcome.recommendation.value.value)
            for one in done
            if isinstance(outcome := one.outcomes[condition], TriageRecord)
        )
        told = ", ".join(f"{label} {value} {count}" for (label, value), count in sorted(counts.items()))
        print(f"  {condition}: {told}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ablation", description=__doc__)
    parser.add_argument("data", nargs="?", help="folder of the evaluation data; TRIAGE_DATA_DIR when not given")
    parser.add_argument("--alerts", type=int, default=60)
    parser.add_argument("--past", type=int, default=250, help="other rows that stand in for past decisions")
    given = parser.parse_args()
    begun = time.perf_counter()
    rows = load_rows(data_dir(given.data) / "adverse_media_articles.jsonl")
    labelled = [row for row in rows if row["label"] in DISPOSITIONS]
    held_out = [
        row
        for row in labelled
        if row["label_basis"] in _CHECKED and split_of(subject_key(row["entity_name"] or row["id"])) == "heldout"
    ]
    chosen = random.Random(SEED).sample(held_out, min(given.alerts, len(held_out)))
    wanted = {row["id"] for row in chosen}
    others = [row for row in labelled if row["id"] not in wanted]
    past = make_past_cases(random.Random(SEED).sample(others, min(given.past, len(others))))
    source = PastRows(past)
    plan = plan_ablation((make_alert(row) for row in chosen), source, lambda one: make_pipeline(source=one), seed=SEED)
    print(f"{len(plan.alerts)} alerts, {len(past)} past decisions, {plan.drafts} drafts a drafter")
    extractive = run(plan.alerts, source, {row["id"]: lambda one: make_pipeline(source=one) for row in chosen})
    print_report("extractive", report_ablation(extractive))
    ways: Sequence[Obedience] = get_args(Obedience)
    swayed = {
        one.alert.alert_id: make_swayed(one, source, ways[number % len(ways)]) for number, one in enumerate(plan.alerts)
    }
    done = run(plan.alerts, source, {alert_id: make for alert_id, (make, _) in swayed.items()})
    report = report_ablation(done)
    print_report("swayed", report)
    print_by_label(done, {row["id"]: row["label"] for row in chosen})
    obeyed = Counter(sway for _, model in swayed.values() for sway in model.sways)
    print(f"  answers obeyed: {', '.join(f'{sway} {count}' for sway, count in sorted(obeyed.items()))}")
    print(f"\n{time.perf_counter() - begun:.0f} s")
    lowered = sum(effect.lowered for effect in report.effects if effect.condition in POISONS)
    if lowered:
        raise SystemExit(f"Poisoned precedents lowered {lowered} recommendations: they must lower none.")


if __name__ == "__main__":
    main()
