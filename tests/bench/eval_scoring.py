"""What scoring costs: CPU seconds for 1,000 samples, beside reading the same samples from their file.

``python -m tests.bench.eval_scoring`` triages the shipped dev and smoke cases once with the extractive drafter, repeats
the records to 1,000 samples and scores them. "First" reads every article anew; "again" is a second epoch of the same.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from agent.domain.record import TriageRecord
from agent.settings import Settings
from agent.wiring import Services
from evals.cases.case import Case, Split
from evals.cases.files import load_cases
from evals.running.runs import Sample
from evals.scoring.score import score_sample

SAMPLES: Final = 1_000


def main() -> None:
    """Print the three costs."""
    cases = load_cases(splits=(Split.SMOKE, Split.DEV)).cases
    with tempfile.TemporaryDirectory() as home:
        services = Services(Settings(home=Path(home), model=None))
        records = asyncio.run(_triage(services, cases))
        services.close()
    # Every copy is another article to the scorers: a letter more at its end.
    copies = [_copy(case, record, number) for number, (case, record) in enumerate(islice(cycle(records), SAMPLES))]
    lines = [sample.model_dump_json() for _, sample in copies]
    baseline = _time(lambda: [Sample.model_validate_json(line) for line in lines])
    first = _time(lambda: [score_sample(case, sample) for case, sample in copies[:500]])
    again = _time(lambda: [score_sample(case, sample) for case, sample in copies[:500]])
    factor = SAMPLES / 500
    print(f"{len(cases)} cases, {SAMPLES} samples, CPU seconds")
    for name, seconds in (("reading the samples", baseline), ("first", first * factor), ("again", again * factor)):
        print(f"  {name:20} {seconds:6.2f}  {seconds / baseline:5.1f} x reading")


async def _triage(services: Services, cases: tuple[Case, ...]) -> list[tuple[Case, TriageRecord]]:
    outcomes = [(case, await services.pipeline.triage(case.alert)) for case in cases]
    return [(case, outcome) for case, outcome in outcomes if isinstance(outcome, TriageRecord)]


def _copy(case: Case, record: TriageRecord, number: int) -> tuple[Case, Sample]:
    article = case.alert.article.model_copy(update={"text": f"{case.alert.article.text} {number}"})
    alert = case.alert.model_copy(update={"article": article})
    sample = Sample(case_id=case.id, epoch=number + 1, outcome=record, seconds=0)
    return case.model_copy(update={"alert": alert}), sample


def _time(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    main()
