"""All prompts of a folder: found by name and version, compared, and locked by hash in ``LOCK.json``."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.domain.summary import draft_schema
from agent.errors import PromptDrift, PromptInvalid, PromptNotFound
from prompts.prompt_file import Prompt, PromptMessage, read_prompt

__all__ = ["SHIPPED_PROMPTS", "Prompt", "PromptLibrary", "PromptMessage", "default_schemas"]

SHIPPED_PROMPTS = Path(__file__).resolve().parent
"""The folder of the prompts that come with the product."""


class PromptLibrary:
    """All prompts of one folder, with its ``LOCK.json``."""

    def __init__(self, root: Path, prompts: Mapping[str, Prompt]) -> None:
        self.root = root
        self._prompts = dict(prompts)

    @classmethod
    def load(
        cls, root: Path = SHIPPED_PROMPTS, schemas: Mapping[str, Mapping[str, Any]] | None = None
    ) -> PromptLibrary:
        """Read every ``*.md`` under a folder. ``schemas`` are the JSON Schemas a prompt may name as its output.

        Raises PromptInvalid with file and line on bad front matter, an unknown variable or an unfenced input.
        """
        known = default_schemas() if schemas is None else schemas
        prompts: dict[str, Prompt] = {}
        for path in sorted(root.rglob("*.md")):
            prompt = read_prompt(path, known)
            if prompt.key in prompts:
                raise PromptInvalid(f"{path}:1: {prompt.key} is already defined in {prompts[prompt.key].path}.")
            prompts[prompt.key] = prompt
        if not prompts:
            raise PromptNotFound(f"no prompt file (*.md) under {root}. Check TRIAGE_PROMPTS_FOLDER.")
        return cls(root, prompts)

    def get(self, name: str, version: int | None = None) -> Prompt:
        """One prompt, the newest version unless one is named; PromptNotFound lists what there is."""
        versions = {prompt.front.version: prompt for prompt in self.list() if prompt.front.name == name}
        wanted = max(versions, default=0) if version is None else version
        if wanted not in versions:
            asked = name if version is None else f"{name}@{version}"
            there = ", ".join(prompt.key for prompt in self.list())
            raise PromptNotFound(f"no prompt {asked!r} under {self.root}. There are: {there}.")
        return versions[wanted]

    def list(self) -> tuple[Prompt, ...]:
        """Every prompt, by name and version."""
        return tuple(sorted(self._prompts.values(), key=lambda prompt: (prompt.front.name, prompt.front.version)))

    def diff(self, name: str, old: int, new: int) -> str:
        """A unified diff of two versions of a prompt."""
        first, second = self.get(name, old), self.get(name, new)
        lines = difflib.unified_diff(
            first.source.splitlines(), second.source.splitlines(), first.reference, second.reference, lineterm=""
        )
        return "\n".join(lines)

    def check_lock(self) -> None:
        """Raise PromptDrift if a prompt is not locked, or its text or schema changed under the same version."""
        locked = self._read_lock()
        for prompt in self.list():
            if prompt.key not in locked:
                raise PromptDrift(f"{prompt.path}: {prompt.key} is not in LOCK.json. Run 'triage prompt lock'.")
            if locked[prompt.key] != prompt.hash:
                raise PromptDrift(_changed(prompt))

    def lock(self) -> tuple[str, ...]:
        """Write LOCK.json and return the references that are new in it.

        A locked version is never overwritten or forgotten, even when its file is gone: PromptDrift asks for a new
        version instead, because records point to the old one.
        """
        locked = self._read_lock()
        for prompt in self.list():
            if locked.get(prompt.key, prompt.hash) != prompt.hash:
                raise PromptDrift(_changed(prompt))
        added = [prompt for prompt in self.list() if prompt.key not in locked]
        if added:
            locked |= {prompt.key: prompt.hash for prompt in added}
            draft = self._lock_path.with_suffix(".json.new")
            draft.write_text(json.dumps(locked, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            os.replace(draft, self._lock_path)
        return tuple(prompt.reference for prompt in added)

    @property
    def _lock_path(self) -> Path:
        return self.root / "LOCK.json"

    def _read_lock(self) -> dict[str, str]:
        if not self._lock_path.exists():
            return {}
        try:
            locked = json.loads(self._lock_path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise PromptInvalid(f"{self._lock_path}: not readable as JSON: {error}. Restore it.") from error
        if not isinstance(locked, dict) or not all(isinstance(hash_, str) for hash_ in locked.values()):
            raise PromptInvalid(f"{self._lock_path}: must map name@version to a hash. Restore it.")
        return locked


def default_schemas() -> dict[str, dict[str, Any]]:
    """The schemas that the product's own prompts may name."""
    return {"RiskSummary": draft_schema()}


def _changed(prompt: Prompt) -> str:
    return (
        f"{prompt.path}: {prompt.key} no longer has the text or output schema it was locked with. Restore it, or save "
        f"the change as version {prompt.front.version + 1} in a file of its own and run 'triage prompt lock'."
    )
