"""``triage policy``: show the policy, check another one, and what that one would change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.alert import print_json
from agent.cli.exits import complain, errors_as_exits, plain
from agent.cli.services import open_services

if TYPE_CHECKING:
    from agent.triage.policy import Policy
    from agent.triage.what_if import Faring, Reapplied, WhatIf

# Imports inside functions keep `triage --help` under 0.3 s.

app = typer.Typer(
    help="The recommendation policy: show it, check another one, and see what that one would change.",
    no_args_is_help=True,
)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
_MOST_NAMED = 10
"""Alerts named in a line; --list and --json name all."""


@app.command("show")
def show(
    file: Annotated[Path | None, typer.Argument(help="A policy file in place of the configured one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a policy's values and its hash, which every record carries."""
    with errors_as_exits():
        policy = _load(file or _configured_file())
    if as_json:
        print_json(policy.model_dump_json())
        return
    print(plain(f"Policy {policy.version}, {policy.hash}\nescalates from a score of {policy.escalate_at:g}"))
    for name, value in policy.model_dump(mode="json").items():
        if isinstance(value, dict):
            print(f"\n{name}")
            for key, one in value.items():
                print(plain(f"  {key:<28} {_tell(one)}"))


@app.command("check")
def check(file: Annotated[Path, typer.Argument(help="The policy file.")]) -> None:
    """Check a policy file and say what it says otherwise than the configured one.

    Exit codes: 0 sound, 4 not (every fault with its line).
    """
    with errors_as_exits():
        from agent.triage.what_if import find_policy_changes

        policy, current = _load(file), _load(_configured_file())
    print(plain(f"{file} is sound: policy {policy.version}, {policy.hash}."))
    changes = list(find_policy_changes(current, policy))
    if not changes:
        print("It says the same as the configured policy.")
    for name, before, after in changes:
        print(plain(f"  {name:<32} {_tell(before)} → {_tell(after)}"))


@app.command("what-if")
def what_if(
    file: Annotated[Path, typer.Argument(help="The policy file to try.")],
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="Only records made on this day (UTC) or later.")
    ] = None,
    as_json: AsJson = False,
    listed: Annotated[
        bool, typer.Option("--list", help="Name every alert that changes, with its reasons before and after.")
    ] = False,
) -> None:
    """Apply another policy to the stored records, with no model call, and show what would change.

    Each alert's newest record counts. Its article is read again: where today's reader no longer gives the stored
    recommendation, or the record was made under a third policy, the record is named and both policies are applied
    anew. Nothing is stored. Exits with 0 whatever changes.
    """
    day = _read_day(since)
    with errors_as_exits():
        from agent.cli.progress import Meter
        from agent.triage.what_if import reapply_policy

        other = _load(file)
        services = open_services("none")
        try:
            with Meter("Re-applying", "alerts") as meter:
                found = reapply_policy(
                    services.store,
                    services.reader,
                    services.policy,
                    other,
                    since=day,
                    on_read=lambda number: meter.show(number, number, None),
                )
        finally:
            services.close()
    if as_json:
        import json

        print_json(json.dumps(_as_table(found), ensure_ascii=False))
        return
    for line in _describe(found, listed=listed):
        print(plain(line))


def _load(file: Path) -> Policy:
    from agent.triage.policy import load_policy

    return load_policy(file)


def _configured_file() -> Path:
    from agent.settings import load_settings

    return load_settings().settings.policy_file


def _read_day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        complain(f"triage: --since {text!r} is not a day such as 2026-03-01.")
        raise typer.Exit(2) from None


def _tell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool) or value is None:
        return {None: "never", True: "yes", False: "no"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _describe(found: WhatIf, *, listed: bool) -> Iterator[str]:
    from agent.triage.what_if import Basis, find_policy_changes

    changes, kept = found.changes, len(found.records) - len(found.changes)
    yield " → ".join(f"policy {one.version} ({one.hash[:19]})" for one in (found.current, found.other))
    rows = list(find_policy_changes(found.current, found.other))
    yield from (f"  {name:<32} {_tell(before)} → {_tell(after)}" for name, before, after in rows)
    if not rows:
        yield "  The two policies say the same."
    yield ""
    reasons = f", {len(found.other_reasons)} of them for other reasons" if found.other_reasons else ""
    yield f"{len(found.records)} records: {len(changes)} change, {kept} stay{reasons}."
    for (before_value, after_value), count in found.count_moves().items():
        yield f"  {before_value:<22} → {after_value:<22} {count:>6}"
    if listed:
        for one in (*changes, *found.other_reasons):
            yield from _describe_change(one)
    yield ""
    yield from _describe_faring(found.fare(after=False), found.fare(after=True))
    yield from _caveat(
        [one.alert_id for one in found.on(Basis.READER_CHANGED)],
        "read otherwise today than when they were stored (reader changed since): compared with what the current policy "
        "gives today",
        listed,
    )
    yield from _caveat(
        [one.alert_id for one in found.on(Basis.OTHER_POLICY)],
        "made under another policy than the current one: compared with what the current policy gives",
        listed,
    )
    yield from _caveat(found.outdated, "made from an older text of the alert: left out until triaged again", listed)
    yield from _caveat(found.erased, "erased: cannot be re-computed", listed)


def _describe_change(one: Reapplied) -> Iterator[str]:
    decided = f"  (decided: {one.decided})" if one.decided else ""
    yield f"  {one.alert_id}: {one.before.value} → {one.after.value}{decided}"
    yield f"      before: {', '.join(one.before.reasons) or 'no reason'}"
    yield f"      after:  {', '.join(one.after.reasons) or 'no reason'}"


def _describe_faring(before: Faring, after: Faring) -> Iterator[str]:
    if not before.material + before.harmless:
        yield "No alert of these has a decision of two people to compare with."
        return
    yield "Against what two people decided:"
    yield (
        f"  missed (decided material, would be closed)                 {len(before.missed):>4} → "
        f"{len(after.missed):>4}   of {before.material}"
    )
    yield (
        f"  needlessly escalated (decided harmless, would be escalated) {len(before.needless):>3} → "
        f"{len(after.needless):>4}   of {before.harmless}"
    )
    if newly := sorted(set(after.missed) - set(before.missed)):
        yield f"  newly missed: {', '.join(newly)}"


def _caveat(ids: Sequence[str], what: str, listed: bool) -> Iterator[str]:
    if ids:
        shown = ids if listed else ids[:_MOST_NAMED]
        more = f" and {len(ids) - len(shown)} more" if len(ids) > len(shown) else ""
        yield f"{len(ids)} {'record was' if len(ids) == 1 else 'records were'} {what}: {', '.join(shown)}{more}."


def _as_table(found: WhatIf) -> dict[str, Any]:
    from agent.triage.what_if import find_policy_changes

    def tell_faring(faring: Faring) -> dict[str, Any]:
        return {
            "material": faring.material,
            "missed": list(faring.missed),
            "harmless": faring.harmless,
            "needlessly_escalated": list(faring.needless),
        }

    return {
        "current": {"version": found.current.version, "hash": found.current.hash},
        "other": {"version": found.other.version, "hash": found.other.hash},
        "policy_changes": [
            {"name": name, "before": before, "after": after}
            for name, before, after in find_policy_changes(found.current, found.other)
        ],
        "records": len(found.records),
        "moves": [{"before": one, "after": two, "records": count} for (one, two), count in found.count_moves().items()],
        "changes": [
            {
                "alert_id": one.alert_id,
                "stored": one.stored.model_dump(mode="json"),
                "before": one.before.model_dump(mode="json"),
                "after": one.after.model_dump(mode="json"),
                "basis": one.basis,
                "decided": one.decided,
            }
            for one in (*found.changes, *found.other_reasons)
        ],
        "decisions": {"before": tell_faring(found.fare(after=False)), "after": tell_faring(found.fare(after=True))},
        "read_otherwise": [
            {"alert_id": one.alert_id, "parts": list(one.changed_parts)} for one in found.records if one.changed_parts
        ],
        "other_policy": [one.alert_id for one in found.records if one.basis == "other_policy"],
        "outdated": list(found.outdated),
        "erased": list(found.erased),
    }
