"""Small cases for tests, made from one row."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from evals.cases.case import Case, Split
from evals.cases.files import read_case

ROW: Final[dict[str, Any]] = {
    "id": "t-charged-01",
    "shape": "charged",
    "subject": "Ledger Nyström",
    "truth": "escalate",
    "must_not_miss": True,
    "note": "Charged with fraud, denies it.",
    "alert": {
        "subject": {"name": "Ledger Nyström", "kind": "person"},
        "article": {
            "title": "Charged in Malmö",
            "text": (
                "Ledger Nyström, 51, was charged with fraud in Malmö on Monday, prosecutors said.\n\n"
                "His lawyer, Tove Ankarbrand, said he denied every count.\n\n"
                "Investors, among them Birte Oksholm, lost 4 million kronor."
            ),
            "language": "en",
            "published_at": "2026-03-01",
        },
        "received_at": "2026-03-02T08:00:00Z",
    },
    "gold": {
        "parties": [
            {"id": "P1", "name": "Ledger Nyström", "roles": ["accused"]},
            {"id": "P2", "name": "Birte Oksholm", "roles": ["victim"]},
            {"id": "P3", "name": "Tove Ankarbrand", "roles": ["lawyer"]},
        ],
        "subject_party": "P1",
        "identity": {"verdicts": ["possible"]},
        "events": [
            {
                "id": "E1",
                "offences": ["fraud"],
                "stages": ["charged"],
                "parties": ["P1"],
                "evidence": ["was charged with fraud in Malmö on Monday"],
            }
        ],
        "counter_evidence": [
            {"id": "C1", "kinds": ["denial"], "by": "His lawyer", "evidence": ["said he denied every count"]}
        ],
        "recommendations": ["escalate"],
        "absent": [{"why": "she lost money", "party": "P2", "role": "suspect"}],
    },
}
"""One sound case as a row of a case file."""


def make_row(**changes: Any) -> dict[str, Any]:
    """The row with changes; ``gold__events=…`` reaches into a nested table."""
    row = deepcopy(ROW)
    for key, value in changes.items():
        *path, last = key.split("__")
        table = row
        for name in path:
            table = table[name]
        table[last] = value
    return row


def make_case(split: Split = Split.DEV, **changes: Any) -> Case:
    """The case of a changed row."""
    return read_case(make_row(**changes), split, "test")
