"""Known forms of one name: other languages' forms, short forms, nicknames (Bill and William, Iskander and Aleksandr).

The list is the project's own (``retrieval/assets/name_variants.txt``): the public lists of nicknames are English, while
the people looked for are mostly called Mehmet, Yusuf or Volodymyr.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

_FAMILY_NAMES: Final = "# Family names"


@cache
def _groups() -> tuple[dict[str, frozenset[int]], frozenset[str]]:
    """The lines that each form stands on, and the forms that are given names."""
    groups: dict[str, set[int]] = {}
    given: set[str] = set()
    family = False
    text = resources.files("retrieval").joinpath("assets", "name_variants.txt").read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines()):
        if line.startswith("#"):
            family = line.startswith(_FAMILY_NAMES)
            continue
        for form in line.split():
            groups.setdefault(form, set()).add(number)
            if not family:
                given.add(form)
    return {form: frozenset(numbers) for form, numbers in groups.items()}, frozenset(given)


def are_known_variants(left: str, right: str) -> bool:
    """Whether two names, folded to ``a-z``, are listed as forms of one name; a name is a variant of itself."""
    forms, _ = _groups()
    return left == right or not forms.get(left, frozenset()).isdisjoint(forms.get(right, frozenset()))


def is_given_name(name: str) -> bool:
    """Whether a name, folded to ``a-z``, is a given name on the list; many of them are surnames as well."""
    return name in _groups()[1]
