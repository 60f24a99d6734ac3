"""The manifest of a run about to begin, and whether a run can still be taken up as it was begun."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from agent.llm.spec import ModelSpec
from agent.settings import Settings
from agent.wiring import Services, code_version, load_prompts
from evals.cases.files import CaseSet
from evals.running.orders import RunOrder
from evals.running.runs import RunManifest

_MUST_AGREE: Final = {
    "prompt": "the prompt",
    "parameters": "a setting of the model",
    "cases_hash": "a case",
    "references_hash": "a profile or precedent",
    "policy_hash": "the policy",
    "code_version": "the product's version",
}
"""Field of the manifest → what has changed when it differs."""


def describe_run(run_id: str, order: RunOrder, cases: CaseSet, references_hash: str, settings: Settings) -> RunManifest:
    """What is about to be run. Opens neither database nor model. Raises PromptError, PolicyInvalid, SettingInvalid."""
    services = Services(settings)
    prompt = None
    if order.model is not None:
        prompt = load_prompts(settings).get("summary", order.prompt_version).reference
    checked = [price.checked for price in services.prices.prices.values()]
    return RunManifest(
        run_id=run_id,
        started_at=datetime.now(UTC),
        drafter="extractive" if order.model is None else "llm",
        prompt=prompt,
        model=order.model,
        parameters=_describe_parameters(order, settings),
        splits=tuple(dict.fromkeys(case.split for case in cases.cases)),
        cases=len(cases.cases),
        epochs=order.epochs,
        cases_hash=cases.hash,
        references_hash=references_hash,
        policy_hash=services.policy.hash,
        prices_date=max(checked).isoformat() if checked else None,
        code_version=code_version(),
        code_revision=read_revision(),
        replayed=order.mode == "replay",
        note=order.note,
    )


def list_changes(begun: RunManifest, now: RunManifest) -> Iterator[str]:
    """What has changed since the run was begun, so that its other half would not be the same run."""
    yield from (words for name, words in _MUST_AGREE.items() if getattr(begun, name) != getattr(now, name))


def read_revision() -> str | None:
    """The commit that the code stands at, with ``+changes`` when files differ from it; None without git."""
    root = Path(__file__).resolve().parents[2]
    try:
        commit = _ask_git(root, "rev-parse", "HEAD")
        changed = _ask_git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}+changes" if changed else commit


def _ask_git(root: Path, *question: str) -> str:
    asked = subprocess.run(["git", "-C", str(root), *question], capture_output=True, text=True, check=True, timeout=10)
    return asked.stdout.strip()


def _describe_parameters(order: RunOrder, settings: Settings) -> dict[str, Any]:
    parameters: dict[str, Any] = {"embedder": settings.embedder}
    if order.model is not None:
        spec = ModelSpec(
            name=order.model,
            base_url=settings.base_url,
            temperature=settings.temperature,
            max_output_tokens=settings.max_output_tokens,
        )
        parameters |= {**spec.parameters(), "endpoint": spec.endpoint, "max_input_tokens": settings.max_input_tokens}
        parameters["with_fallback"] = order.with_fallback
    return parameters
