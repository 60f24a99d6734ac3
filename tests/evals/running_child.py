"""One run in a process of its own, to be killed: ``python -m tests.evals.running_child HOME ROOT MODEL [BASE_URL]``.

It begins the run, or takes up the unfinished one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from evals.cases.files import load_cases
from evals.running.folders import find_unfinished
from evals.running.planning import RunRequest
from evals.running.runner import resume_runs, run_cases
from evals.running.runs import RunInvalid
from tests.evals.running_examples import Said, make_settings


def main() -> None:
    home, root, model = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    settings = make_settings(home, sys.argv[4] if len(sys.argv) > 4 else None)
    said = Said()
    try:
        folders = find_unfinished(home, "latest")
    except RunInvalid:
        request = RunRequest(models=[model], concurrency=1 if model == "none" else 4, epochs=2)
        run_cases(settings, load_cases(root), request, root=root, tell=said.tell, on_progress=said.show)
    else:
        resume_runs(settings, folders, tell=said.tell, on_progress=said.show)


if __name__ == "__main__":
    main()
