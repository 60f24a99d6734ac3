"""How well the reader does on outside data: ``python -m tests.bench.reader_quality [FOLDER] [--part …] [--split …]``.

Prints plain tables. Articles and errors go to the terminal only; ``--json`` writes figures alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tests.bench import reader_adverse, reader_roles, reader_stage
from tests.bench.figures import data_dir


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reader_quality", description=__doc__)
    parser.add_argument("folder", nargs="?", help="the evaluation data; else TRIAGE_DATA_DIR")
    parser.add_argument("--part", choices=["adverse", "roles", "stage", "all"], default="all")
    parser.add_argument("--split", choices=["dev", "heldout"], default="dev", help="heldout is for the final figures")
    parser.add_argument("--limit", type=int, help="a seeded sample of N rows, for a quick look")
    parser.add_argument("--labels", type=Path, help="hand labels of the stage part: JSON of id to stage")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    given = parser.parse_args()
    folder = data_dir(given.folder)
    figures: dict[str, Any] = {}
    if given.part in {"adverse", "all"}:
        figures["adverse"] = reader_adverse.run(folder, given.split, given.limit)
    if given.part in {"roles", "all"}:
        figures["roles"] = reader_roles.run(folder, given.split, given.limit)
    if given.part in {"stage", "all"}:
        figures["stage"] = reader_stage.run(folder, given.split, given.limit, given.labels)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
