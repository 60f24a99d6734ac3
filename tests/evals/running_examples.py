"""A dozen small cases with references of their own, a scripted model, and the settings to run them. All is invented."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from agent.domain.record import TriageFailure, TriageRecord
from agent.llm.behaviours import Behaviour, answer
from agent.settings import Settings
from evals.running.runner import Progress
from evals.running.runs import Run

NAMES = (
    "Ida Torvik",
    "Bo Lunde",
    "Mira Halden",
    "Odo Stenmark",
    "Una Vestby",
    "Per Askil",
    "Lena Krogdal",
    "Ove Brandvik",
    "Siri Monsdal",
    "Tor Egeland",
    "Runa Fossli",
    "Nils Havreng",
)
MODEL = "openai:scripted-http"
REPLY = {"parties": [], "events": [], "counter_evidence": [], "narrative": "No adverse information found in this text."}


def write_cases(root: Path, count: int = 12, split: str = "dev") -> Path:
    """A folder with so many cases, a profile and a precedent."""
    rows = [make_row(number) for number in range(count)]
    place = root / "cases" / split
    place.mkdir(parents=True)
    (place / "cases.yaml").write_text(yaml.safe_dump(rows, allow_unicode=True, sort_keys=False), encoding="utf-8")
    (root / "profiles").mkdir()
    (root / "precedents").mkdir()
    profile = {"profile_id": "P-1", "name": NAMES[0], "kind": "person", "birth_date": "1970-02-01", "source": "test"}
    (root / "profiles" / "p.jsonl").write_text(json.dumps(profile) + "\n", encoding="utf-8")
    return root


def make_row(number: int) -> dict[str, Any]:
    name = f"{NAMES[number % len(NAMES)]}{'' if number < len(NAMES) else ' ' + 'ABCDEFGHIJ'[number // len(NAMES) % 10]}"
    return {
        "id": f"c-{number:03}",
        "shape": "charged",
        "subject": name,
        "truth": "escalate",
        "note": "Charged with fraud.",
        "alert": {
            "subject": {"name": name, "kind": "person"},
            "article": {
                "language": "en",
                "published_at": "2026-03-01",
                "text": f"Prosecutors in Bergheim charged {name} with fraud on Friday. The firm lost {number} crowns.",
            },
            "received_at": "2026-03-02T08:00:00Z",
        },
        "gold": {"recommendations": ["escalate", "review"]},
    }


def make_settings(home: Path, base_url: str | None = None, **changes: Any) -> Settings:
    values: dict[str, Any] = {"home": home, "base_url": base_url, "api_key": SecretStr("k"), "attempts": 1}
    return Settings(**(values | changes))


def replies(*, latency_s: float = 0.0) -> list[Behaviour]:
    """A scripted server's answer to everything."""
    return [answer(REPLY, latency_s=latency_s)]


def what_matters(run: Run) -> list[dict[str, Any]]:
    """The samples without what differs from one run to the next: moments and durations."""
    rows = []
    for sample in run.samples:
        row = sample.model_dump(mode="json", exclude={"seconds"})
        if isinstance(sample.outcome, TriageRecord):
            for name in ("latency_ms", "started_at", "finished_at"):
                del row["outcome"]["provenance"][name]
        rows.append(row)
    return rows


def failures_of(run: Run) -> dict[tuple[str, int], TriageFailure]:
    return {
        (sample.case_id, sample.epoch): sample.outcome
        for sample in run.samples
        if isinstance(sample.outcome, TriageFailure)
    }


def keys_of(run: Run) -> list[tuple[str, int]]:
    return [(sample.case_id, sample.epoch) for sample in run.samples]


def all_keys(count: int, epochs: int = 1) -> list[tuple[str, int]]:
    return [(f"c-{number:03}", epoch) for number in range(count) for epoch in range(1, epochs + 1)]


class Said:
    """What a run told the person, and how far it said it was."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: list[Progress] = []

    def tell(self, line: str) -> None:
        self.lines.append(line)

    def show(self, progress: Progress) -> None:
        self.steps.append(progress)

    def names(self) -> Sequence[str]:
        return list(dict.fromkeys(step.name for step in self.steps))
