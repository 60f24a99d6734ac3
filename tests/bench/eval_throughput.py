"""What the eval runner costs beside the model: ``python -m tests.bench.eval_throughput [--samples N] [--json FILE]``.

A scripted endpoint answers after 50 ms; every runner keeps 32 calls in flight, each in a new process, one after the
other on the same machine:

bare      an asyncio loop over the openai package's AsyncOpenAI
pydantic  the same call as a task of pydantic-evals
inspect   inspect_ai with its own openai provider
constant  our runner, with the product's model client and a constant record round it
spine     our runner with the whole product: reading, retrieval, draft, grounding, ledger, journal

span   first request in to last answer out, at the endpoint
wall   the process from start to end, imports included
cpu    user and system time of the process
ratio  span over the bare loop's span
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from agent.llm.scripted_server import ScriptedServer
from tests.evals.running_examples import MODEL, REPLY, Said, make_settings, replies, write_cases

LATENCY_S: Final = 0.05
IN_FLIGHT: Final = 32
QUESTION: Final = [{"role": "user", "content": "What is held against whom? " + "Prosecutors charged him. " * 80}]
RUNNERS: Final = ("bare", "pydantic", "inspect", "constant", "spine")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one runner took, in seconds, and how often the endpoint was asked."""

    runner: str
    span_s: float
    wall_s: float
    cpu_s: float
    requests: int
    ratio: float = 1.0


def measure(runner: str, samples: int, folder: Path) -> Cost:
    """One runner in a new process. Raises CalledProcessError when it fails."""
    with ScriptedServer(replies(latency_s=LATENCY_S)) as server:
        command = [sys.executable, "-m", "tests.bench.eval_throughput", "--child", runner]
        command += ["--samples", str(samples), "--folder", str(folder / runner), "--address", server.base_url]
        environment = os.environ | {"OPENAI_API_KEY": "k", "XDG_DATA_HOME": str(folder / "data")}
        begun = time.perf_counter()
        child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begun
        if code := os.waitstatus_to_exitcode(status):
            raise subprocess.CalledProcessError(code, command)
        moments = [request.at for request in server.requests]
    span = max(moments) - min(moments) + LATENCY_S
    return Cost(runner, span, wall, used.ru_utime + used.ru_stime, len(moments))


def ask_bare(address: str, samples: int, _: Path) -> None:
    ask, gate = _asker(address), asyncio.Semaphore(IN_FLIGHT)

    async def one(number: int) -> str:
        async with gate:
            return await ask(number)

    async def everything() -> list[str]:
        return await asyncio.gather(*(one(number) for number in range(samples)))

    asyncio.run(everything())


def ask_with_pydantic_evals(address: str, samples: int, _: Path) -> None:
    from pydantic_evals import Case, Dataset

    dataset: Dataset[int, str, Any] = Dataset(name="bench", cases=[Case(inputs=number) for number in range(samples)])
    report = dataset.evaluate_sync(_asker(address), max_concurrency=IN_FLIGHT, progress=False)
    assert len(report.cases) == samples


def ask_with_inspect(address: str, samples: int, folder: Path) -> None:
    from inspect_ai import Task, eval
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import get_model
    from inspect_ai.solver import generate

    model = get_model(MODEL.replace(":", "/"), base_url=address, responses_api=False)
    questions = [Sample(input=QUESTION[0]["content"], id=number) for number in range(1, samples + 1)]
    task = Task(dataset=MemoryDataset(questions), solver=generate(), name="bench")
    (log,) = eval(
        task, model=model, display="none", log_dir=str(folder), max_connections=IN_FLIGHT, max_samples=IN_FLIGHT
    )
    assert log.status == "success"


def ask_with_our_runner(address: str, samples: int, folder: Path) -> None:
    from langchain_core.messages import HumanMessage

    from agent.domain.record import FailureDetail, TriageFailure
    from agent.domain.summary import draft_schema
    from agent.wiring import Services
    from evals.cases.files import load_cases
    from evals.running.environment import confine_inspect
    from evals.running.inspection import InspectRun, read_log, run_inspect
    from evals.running.runs import Sample

    client = Services(make_settings(folder, address, model=MODEL)).client
    schema = draft_schema()
    detail = FailureDetail(stage="draft", error="Constant", message="x" * 2_000, retryable=False)

    async def work(case_id: str, epoch: int) -> Sample:
        words = HumanMessage(f"{case_id}: {QUESTION[0]['content']}")
        reply = await client.ask([words], schema, sample=epoch)
        outcome = TriageFailure(alert_id=case_id, failure=detail)
        return Sample(case_id=case_id, epoch=epoch, outcome=outcome, seconds=reply.latency_ms / 1000)

    confine_inspect(folder)
    cases = load_cases(write_cases(folder / "root", samples)).cases
    log = run_inspect(InspectRun("constant", cases, 1, IN_FLIGHT, {}, folder / "log"), work)
    assert len(read_log(log)) == samples


def ask_with_the_spine(address: str, samples: int, folder: Path) -> None:
    from evals.cases.files import load_cases
    from evals.running.planning import RunRequest
    from evals.running.runner import run_cases
    from evals.running.runs import read_run

    root, said = write_cases(folder / "root", samples), Said()
    request = RunRequest(models=[MODEL], concurrency=IN_FLIGHT)
    settings = make_settings(folder / "home", address)
    (found,) = run_cases(settings, load_cases(root), request, root=root, tell=said.tell, on_progress=said.show)
    assert len(read_run(found).samples) == samples


CHILDREN: Final[dict[str, Callable[[str, int, Path], None]]] = {
    "bare": ask_bare,
    "pydantic": ask_with_pydantic_evals,
    "inspect": ask_with_inspect,
    "constant": ask_with_our_runner,
    "spine": ask_with_the_spine,
}


def _asker(address: str) -> Callable[[int], Coroutine[Any, Any, str]]:
    from openai import AsyncOpenAI

    client: list[AsyncOpenAI] = []  # made within the event loop that uses it

    async def ask(number: int) -> str:
        if not client:
            client.append(AsyncOpenAI(base_url=address, api_key="k", max_retries=0))
        reply = await client[0].chat.completions.create(model="m", messages=QUESTION)  # type: ignore[arg-type]
        assert json.loads(reply.choices[0].message.content or "") == REPLY
        return "answered"

    return ask


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.eval_throughput", description=__doc__)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--runner", action="append", choices=RUNNERS, help="only these; bare always")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--child", choices=RUNNERS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        CHILDREN[given.child](given.address, given.samples, given.folder)
        return
    costs: list[Cost] = []
    ideal = given.samples / IN_FLIGHT * LATENCY_S
    print(f"{given.samples} samples, {LATENCY_S * 1000:.0f} ms each, {IN_FLIGHT} in flight (ideal span {ideal:.2f} s)")
    print(f"{'runner':<10}{'span s':>8}{'wall s':>8}{'cpu s':>8}{'requests':>10}{'ratio':>8}")
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as folder:
        for runner in RUNNERS:
            if given.runner and runner not in {"bare", *given.runner}:
                continue
            cost = measure(runner, given.samples, Path(folder))
            cost = Cost(**(asdict(cost) | {"ratio": cost.span_s / (costs[0].span_s if costs else cost.span_s)}))
            costs.append(cost)
            print(
                f"{runner:<10}{cost.span_s:>8.2f}{cost.wall_s:>8.1f}{cost.cpu_s:>8.1f}{cost.requests:>10}"
                f"{cost.ratio:>8.1f}",
                flush=True,
            )
    if given.json:
        rows = [asdict(cost) for cost in costs]
        given.json.write_text(json.dumps({"samples": given.samples, "figures": rows}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
