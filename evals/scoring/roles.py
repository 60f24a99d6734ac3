"""Subject and roles: whom the draft takes for the subject, and what part it gives to each party."""

from __future__ import annotations

from typing import Final

from agent.domain.taxonomy import ADVERSE_ROLES, Role
from evals.cases.gold import GoldParty
from evals.scoring.matched import Matched
from evals.scoring.tally import Tally

_HARMED_OR_CLEARED: Final = frozenset({Role.VICTIM, Role.WITNESS, Role.PLAINTIFF, Role.WHISTLEBLOWER, Role.EXONERATED})
"""Roles that take an accused party out of the accusation."""
_INNOCENT: Final = frozenset(Role) - ADVERSE_ROLES - {Role.UNDETERMINED}
"""Roles of those against whom nothing is held."""


def score_roles(matched: Matched, tally: Tally) -> None:
    """Subject found or mistaken, roles right or inverted; none where the parties were not labelled."""
    if matched.gold.parties is None:
        return
    _score_subject(matched, tally)
    drafted = {party.id: party for party in matched.summary.parties}
    right = asked = inverted = sided = 0
    for party in matched.gold.parties:
        ids = matched.drafted_ids(party.id)
        roles = [drafted[one].role for one in ids]
        if needs_role(party):
            asked += 1
            right += bool(roles) and roles[0] in party.roles
            if not roles:
                tally.fault("role_right", f"The draft does not name {party.name}, {' or '.join(party.roles)}.")
            elif roles[0] not in party.roles and not any(is_inverted(role, party) for role in roles):
                tally.fault("role_right", f"{party.name} is {roles[0]} in the draft, not {' or '.join(party.roles)}.")
        if takes_side(party):
            sided += 1
            wrong = next((role for role in roles if is_inverted(role, party)), None)
            inverted += wrong is not None
            if wrong is not None:
                said = f"{party.name} is {wrong} in the draft, yet {' or '.join(party.roles)} in the article."
                tally.fault("role_inverted", said)
    tally.count("role_right", right, asked)
    tally.count("role_inverted", inverted, sided)


def needs_role(party: GoldParty) -> bool:
    """Whether the party has a part of its own, so that a draft without it lacks something."""
    return Role.MENTIONED not in party.roles


def takes_side(party: GoldParty) -> bool:
    """Whether every acceptable role is an accused's, or every one is not."""
    return set(party.roles) <= ADVERSE_ROLES or set(party.roles) <= _INNOCENT


def is_inverted(role: Role, party: GoldParty) -> bool:
    """Whether the drafted role puts the party on the other side."""
    if set(party.roles) <= ADVERSE_ROLES:
        return role in _HARMED_OR_CLEARED
    return set(party.roles) <= _INNOCENT and role in ADVERSE_ROLES


def drafted_roles(matched: Matched) -> tuple[tuple[Role, Role | None], ...]:
    """Gold and drafted role of each gold party; an acceptable role stands for the gold's."""
    drafted = {party.id: party.role for party in matched.summary.parties}
    pairs: list[tuple[Role, Role | None]] = []
    for party in matched.gold.parties or ():
        ids = matched.drafted_ids(party.id)
        role = drafted[ids[0]] if ids else None
        pairs.append((role if role in party.roles and role is not None else party.roles[0], role))
    return tuple(pairs)


def _score_subject(matched: Matched, tally: Tally) -> None:
    wanted, drafted = matched.gold.subject_party, matched.summary.subject_party
    meant = matched.parties.gold_of.get(drafted) if drafted is not None else None
    near = matched.parties.near.get(drafted) if drafted is not None else None
    found = wanted is not None and meant == wanted
    name = matched.drafted_name(drafted)
    if wanted is not None and not found:
        said = "names no subject" if drafted is None else f"takes {name} for the subject"
        spelt = ", whose name is nearly it" if near == wanted else ""
        tally.fault("subject_found", f"The draft {said}{spelt}; it is {matched.name_of(wanted)}.")
    tally.count("subject_found", found, wanted is not None)
    # A spelling that is nearly the subject's name is not found, and is not somebody else either.
    mistaken = drafted is not None and not found and (near is None or near != wanted)
    tally.judge(
        "wrong_subject", mistaken, f"The draft takes {name} for the subject; the gold has {matched.name_of(wanted)}."
    )
