"""inspect_ai, and the only module that knows it: it runs, logs and shows, and never touches a request.

The agent under test is registered as a model provider, so that inspect asks it for a "completion" and gets a record.
What inspect 0.3.285 does otherwise than one would think, and is dealt with here:

* it reads ``.env`` from the working folder up, which would put keys and settings into a running process;
* it traces into the user's data folder, and into a database there while a run lasts;
* a TimeoutError of a sample is swallowed and the sample scored as empty: no exception but a stop leaves the provider;
* errors drop out of its averages: here none of its figures is used;
* it retries a provider without end, and lets concurrency wander, unless told otherwise;
* a failed run ends quietly, and a run stopped by Ctrl-C with no log at all: status and samples have to be looked at.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from inspect_ai import Task, eval
from inspect_ai._view.view import view
from inspect_ai.dataset import MemoryDataset
from inspect_ai.dataset import Sample as InspectSample
from inspect_ai.log import EvalSample, read_eval_log
from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelAPI, ModelOutput, ModelUsage, modelapi
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver
from inspect_ai.tool import ToolChoice, ToolInfo
from inspect_ai.viewer import ViewerConfig
from pydantic import TypeAdapter

from agent.domain.record import TriageFailure, TriageRecord
from evals.cases.case import Case
from evals.running.runs import RunInvalid, Sample

Work = Callable[[str, int], Awaitable[Sample]]
"""Case id and epoch → the finished sample."""

_OUTCOME: Final[TypeAdapter[TriageRecord | TriageFailure]] = TypeAdapter(TriageRecord | TriageFailure)
_asked: ContextVar[tuple[str, int]] = ContextVar("asked")
"""Case id and epoch of the sample that is under way: inspect does not tell a provider."""


@dataclass(frozen=True, slots=True)
class InspectRun:
    """What inspect is told of a run."""

    name: str
    """The model's name in log and viewer: ``summary@4/openai:gpt-4.1``, ``extractive``."""
    cases: Sequence[Case]
    epochs: int
    concurrency: int
    metadata: dict[str, Any]
    folder: Path
    """Where the log goes; it must be empty."""


def run_inspect(run: InspectRun, work: Work) -> Path:
    """Let inspect ask ``work`` for every sample; returns the finished log. What ``work`` raises ends the run.

    Raises that exception, KeyboardInterrupt when a person stopped it, and RunInvalid when inspect ended otherwise.
    """
    stops: list[BaseException] = []
    api = _AgentApi(run.name)
    api.begin(work, run.concurrency, stops)
    task = Task(
        dataset=MemoryDataset([_as_sample(case) for case in run.cases], name="cases"),
        solver=[_remember_sample(), generate()],
        name="triage",
        viewer=ViewerConfig(trust_content=False),
    )
    logs = eval(
        task,
        model=Model(api, GenerateConfig(max_retries=0, max_connections=run.concurrency)),
        epochs=run.epochs,
        metadata=run.metadata,
        max_samples=run.concurrency,
        fail_on_error=True,
        retry_on_error=0,
        score=False,
        score_display=False,
        display="none",
        log_level="error",
        log_dir=str(run.folder),
        log_realtime=False,
        log_model_api=False,
        log_buffer=100,
        ctl_server=False,
    )
    if stops:
        raise stops[0]
    if not logs or logs[0].status == "cancelled":  # Ctrl-C, which inspect keeps to itself
        raise KeyboardInterrupt
    log = logs[0]
    if log.status != "success":
        reason = log.error.message if log.error else log.status
        raise RunInvalid(f"The run ended early: {reason}. `triage eval run --resume latest` goes on.")
    return Path(log.location.removeprefix("file://"))


def read_log(path: Path) -> list[Sample]:
    """The samples of a finished log. Raises RunInvalid when one has no outcome."""
    return [_as_outcome(path, sample) for sample in read_eval_log(str(path)).samples or ()]


def show_log(path: Path, port: int) -> None:
    """Serve inspect's viewer for one run on 127.0.0.1 until interrupted; article text is shown as plain text."""
    view(log_dir=str(path.parent), recursive=False, host="127.0.0.1", port=port, trust_content=False)


@modelapi(name="triage")
class _AgentApi(ModelAPI):
    """The agent as inspect sees it: a model whose completion is a record."""

    def __init__(self, model_name: str, **settings: Any) -> None:
        super().__init__(model_name, config=settings.get("config", GenerateConfig()))

    def begin(self, work: Work, concurrency: int, stops: list[BaseException]) -> None:
        """Not by the constructor, whose arguments inspect writes into the log."""
        self._work, self._concurrency, self._stops = work, concurrency, stops

    def max_connections(self) -> int:
        return self._concurrency

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: ARG002 (what is asked is the case, whole)
        tools: list[ToolInfo],  # noqa: ARG002
        tool_choice: ToolChoice,  # noqa: ARG002
        config: GenerateConfig,  # noqa: ARG002
    ) -> ModelOutput:
        case_id, epoch = _asked.get()
        try:
            sample = await self._work(case_id, epoch)
        except Exception as error:  # whatever it is ends the run and reaches the caller as it is
            self._stops.append(error)
            # Not the error itself: a TimeoutError would be swallowed, others retried.
            raise RuntimeError("The run was stopped.") from error
        output = ModelOutput.from_content(self.model_name, sample.outcome.model_dump_json())
        output.metadata = {"seconds": sample.seconds}
        output.time = sample.seconds
        if isinstance(sample.outcome, TriageRecord):
            used = sample.outcome.provenance.usage
            output.usage = ModelUsage(
                input_tokens=used.input_tokens,
                output_tokens=used.output_tokens,
                total_tokens=used.input_tokens + used.output_tokens,
                input_tokens_cache_read=used.cached_tokens,
                total_cost=used.cost_usd,
            )
        return output


@solver
def _remember_sample() -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:  # noqa: ARG001 (inspect's signature)
        _asked.set((str(state.sample_id), state.epoch))
        return state

    return solve


def _as_sample(case: Case) -> InspectSample:
    alert = case.alert
    subject = "(no subject)" if alert.subject is None else alert.subject.name
    shown = "\n\n".join(filter(None, [f"Subject: {subject}", alert.article.title, alert.article.text]))
    facts = {"split": case.split, "shape": case.entry.shape, "subject": case.subject, "language": case.language}
    return InspectSample(input=shown, id=case.id, target=str(case.truth), metadata=facts)


def _as_outcome(path: Path, sample: EvalSample) -> Sample:
    place = f"{path}: case {sample.id}, epoch {sample.epoch}"
    if sample.error is not None or not sample.output.completion:
        raise RunInvalid(f"{place}: inspect kept no outcome ({sample.error and sample.error.message}).")
    try:
        outcome = _OUTCOME.validate_json(sample.output.completion)
        seconds = float((sample.output.metadata or {})["seconds"])
    except (ValueError, KeyError) as error:
        raise RunInvalid(f"{place}: what inspect kept is no outcome: {error}") from error
    return Sample(case_id=str(sample.id), epoch=sample.epoch, outcome=outcome, seconds=seconds)
