"""``triage prompt``: list, render, lock and diff, on a copy of the shipped prompts."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from prompts.library import SHIPPED_PROMPTS
from tests.cli.terminal import NAME, Terminal, alert_text
from tests.spine.parts import DEMO


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A prompt folder of one's own: the shipped files and their lock."""
    copied = tmp_path / "prompts"
    for path in [*SHIPPED_PROMPTS.rglob("*.md"), SHIPPED_PROMPTS / "LOCK.json"]:
        place = copied / path.relative_to(SHIPPED_PROMPTS)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    return copied


@pytest.fixture
def model(tmp_path: Path) -> dict[str, str]:
    """A model that answers, though never well."""
    path = tmp_path / "replies.yaml"
    path.write_text("[nothing]\n", encoding="utf-8")
    return {"TRIAGE_MODEL": f"scripted:{path}"}


@pytest.fixture
def settings(folder: Path) -> dict[str, str]:
    return {"TRIAGE_PROMPTS_FOLDER": str(folder)}


def summary_file(folder: Path) -> Path:
    (path,) = folder.rglob("summary.v2.md")
    return path


def test_list_names_every_prompt_and_the_lock(terminal: Terminal) -> None:
    run = terminal.run("prompt", "list")
    assert run.code == 0
    assert re.search(r"^summary@2#sha256-[0-9a-f]+$", run.out, re.MULTILINE)
    assert re.search(r"^repair@1#sha256-[0-9a-f]+$", run.out, re.MULTILINE)
    assert run.out.splitlines()[-1] == "locked"


def test_a_changed_prompt_is_told_and_nothing_is_drafted_with_it(
    terminal: Terminal, folder: Path, settings: dict[str, str], model: dict[str, str], alert_file: Path
) -> None:
    path = summary_file(folder)
    path.write_text(path.read_text(encoding="utf-8") + "\nOne more rule.\n", encoding="utf-8")
    listed = terminal.run("prompt", "list", settings=settings)
    assert listed.code == 0
    assert "NOT LOCKED" in listed.out
    refused = terminal.run("prompt", "lock", settings=settings)
    assert refused.code == 4
    assert "save the change as version 3" in refused.err
    drafted = terminal.run("draft", alert_file, settings={**settings, **model})
    assert drafted.code == 4
    assert "summary@2 no longer has the text" in drafted.err


def test_a_new_version_is_locked_compared_and_used(
    terminal: Terminal, folder: Path, settings: dict[str, str], alert_file: Path
) -> None:
    path = summary_file(folder)
    text = path.read_text(encoding="utf-8")
    newer = text.replace("version: 2", "version: 3", 1).rstrip() + "\n\nOne more rule.\n"
    path.with_name("summary.v3.md").write_text(newer, encoding="utf-8")
    locked = terminal.run("prompt", "lock", settings=settings)
    assert locked.code == 0
    assert locked.out.startswith("locked summary@3#sha256-")
    assert terminal.run("prompt", "lock", settings=settings).out == "Nothing new to lock.\n"
    diff = terminal.run("prompt", "diff", "summary", "2", "3", settings=settings)
    assert diff.code == 0
    assert "+One more rule." in diff.out
    rendered = terminal.run("prompt", "render", alert_file, settings=settings)
    assert "One more rule." in rendered.out
    assert "summary@3" in rendered.out


def test_diff_of_a_version_with_itself(terminal: Terminal) -> None:
    assert terminal.run("prompt", "diff", "summary", "1", "1").out == "No difference.\n"


def test_a_version_that_is_not_there(terminal: Terminal) -> None:
    run = terminal.run("prompt", "diff", "summary", "1", "9")
    assert run.code == 4
    assert "no prompt 'summary@9'" in run.err


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("version: 2", "version: [", "yaml"),
        ("{{article}}", "{{artikel}}", "artikel"),
        ("version: 2", "note: x", "version"),
    ],
    ids=["syntax error", "unknown variable", "missing version"],
)
def test_row_43_a_broken_prompt_file_is_refused_with_file_and_line(
    terminal: Terminal,
    folder: Path,
    settings: dict[str, str],
    model: dict[str, str],
    alert_file: Path,
    old: str,
    new: str,
    says: str,
) -> None:
    path = summary_file(folder)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    for arguments in (("prompt", "list"), ("prompt", "render", alert_file), ("draft", alert_file)):
        run = terminal.run(*arguments, settings={**settings, **model})
        assert run.code == 4, arguments
        assert re.search(rf"{re.escape(str(path))}:\d+", run.err)
        assert says in run.err.lower()
        assert run.out == ""
    assert terminal.run("prompt", "list").code == 0, "the shipped version stays"
    assert terminal.run("draft", alert_file, settings=model).code == 0
    assert terminal.run("draft", alert_file, settings=settings).code == 0, "no model, no prompt needed"


def test_render_shows_what_would_be_sent_and_what_it_would_cost(terminal: Terminal, alert_file: Path) -> None:
    run = terminal.run("prompt", "render", alert_file, "--model", "openai:gpt-4.1")
    assert run.code == 0
    assert "--- call 1, system ---" in run.out
    assert "--- call 1, human ---" in run.out
    assert f"subject: {NAME}" in run.out
    assert "[p1.s1] LISBON" in run.out
    assert re.search(r"1 call\(s\), about \d{4,} input tokens, about \$0\.\d+ ---", run.out)
    unknown = terminal.run("prompt", "render", alert_file, "--model", "ollama:homemade")
    assert "no price is known" in unknown.out


def test_render_needs_neither_key_nor_model_that_works(terminal: Terminal, alert_file: Path) -> None:
    run = terminal.run("prompt", "render", alert_file, settings={"TRIAGE_MODEL": "openai:gpt-4.1"})
    assert run.code == 0


def test_render_gives_precedents_and_profiles_and_names_no_decider(terminal: Terminal) -> None:
    assert terminal.run("profiles", "load", DEMO / "profiles.ftm.jsonl", "--names-only").code == 0
    assert terminal.run("precedents", "load", DEMO / "precedents.jsonl").code == 0
    run = terminal.run("prompt", "render", DEMO / "alerts" / "01_asylum_blank_name.txt")
    assert re.search(r"^precedent: DP-\d+", run.out, re.MULTILINE)
    assert re.search(r"^profile: ", run.out, re.MULTILINE)
    deciders = re.findall(r'"decided_by": "([^"]+)"', (DEMO / "precedents.jsonl").read_text(encoding="utf-8"))
    assert not [name for name in deciders if name in run.out]


def test_render_reads_a_long_article_in_parts(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    text = "\n\n".join(f"Paragraph {n}: the harbour of Sorn was quiet, and nobody said why." for n in range(400))
    path.write_text(alert_text(text=text), encoding="utf-8")
    run = terminal.run("prompt", "render", path, settings={"TRIAGE_MAX_INPUT_TOKENS": "12000"})
    assert run.code == 0
    assert "--- call 2, human ---" in run.out
    assert "a part of a longer article" in run.out


def test_render_refuses_what_is_no_alert(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "spoiled.txt"
    path.write_text("Name: X Alert ID:\ntext", encoding="utf-8")
    run = terminal.run("prompt", "render", path)
    assert run.code == 1
    assert "spoiled.txt" in run.err
