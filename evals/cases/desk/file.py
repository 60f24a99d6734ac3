"""Draft cases as a YAML file to be reviewed: rows that load, and what nobody labelled beside them as comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import yaml

from evals.cases.case import Split
from evals.cases.desk.from_decisions import DraftCase

HEAD: Final = """\
# DRAFTS, to be reviewed by a person, case by case. Pseudonymised, not anonymised: names and numbers are invented, but
# places, dates and deeds are as they were, and a name that nobody listed may still stand in a text. Read every word
# before a file leaves the bank.
# Gold is what two people decided: truth, recommendations and, where the decision says so, identity. What the machine
# drafted stands below each case as a comment. Move it into gold only after checking it; until then it is not scored.
"""


class _Dumper(yaml.SafeDumper):
    """YAML with texts of several lines as blocks."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)


def render_drafts(drafts: Iterable[DraftCase]) -> str:
    """The file's text, split by split; an empty list where there is no draft."""
    rows = list(drafts)
    if not rows:
        return HEAD + "[]\n"
    parts = [HEAD]
    for split in Split:
        own = [draft for draft in rows if draft.case.split is split]
        if own:
            parts.append(f"\n# ---- split {split}, by a hash of the subject: these cases belong in cases/{split}/\n")
            parts += [line for draft in own for line in _render_draft(draft)]
    return "".join(parts)


def _render_draft(draft: DraftCase) -> Iterator[str]:
    yield "\n# DRAFT, not reviewed.\n"
    yield from (f"# {line}\n" for remark in draft.remarks for line in remark.splitlines())
    yield _dump([dict(draft.row)])
    if draft.drafted:
        yield "#   Drafted by the machine, labelled by nobody. Gold takes it as it stands, once checked:\n"
        yield from (f"#   {line}\n" for line in _dump(draft.drafted).splitlines())


def _dump(value: list[Any] | Mapping[str, object]) -> str:
    plain = dict(value) if isinstance(value, Mapping) else value
    return yaml.dump(plain, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
