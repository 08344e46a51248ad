"""Category rules: which names mean one category, and which names look as if they did."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.annotations import NO_CATEGORY
from napari_consensus.data.names import natural
from napari_consensus.data.study import CategoryRule
from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import Study

# Spaces, low lines and every dash, between two characters of a name.
_JOINT = re.compile(r"(?<=\w)[\s_\u2010-\u2015\u2212-]+(?=\w)")


def check_rules(rules: Sequence[CategoryRule]) -> None:
    """Check that rules say one thing of each name.

    Raises
    ------
    ParameterError
        Where a name has two rules, is a synonym of two categories, or is a category of its
        own as well, or where parents go round in a circle.
    """
    owner: dict[str, str] = {}
    for rule in rules:
        if not rule.name:
            msg = "a category rule needs a name"
            raise ParameterError(msg)
        for name in (rule.name, *rule.synonyms):
            if name in owner:
                msg = f"category {name!r} is named twice: for {owner[name]!r} and {rule.name!r}"
                raise ParameterError(msg)
            owner[name] = rule.name
    parent = _parents(rules)
    for name in parent:
        _top(name, parent)


def renamed_categories(
    names: Iterable[str], rules: Sequence[CategoryRule], *, parents: bool = False
) -> dict[str, str]:
    """Name that each category is counted under.

    Parameters
    ----------
    names
        Categories as raters gave them.
    rules
        What the study says of categories.
    parents
        Whether a category counts as the broadest category above it.

    Raises
    ------
    ParameterError
        Where the rules contradict one another.
    """
    check_rules(rules)
    meant = {synonym: rule.name for rule in rules for synonym in rule.synonyms}
    parent = _parents(rules)
    counted = {}
    for name in names:
        category = meant.get(name, name)
        counted[name] = _top(category, parent) if parents else category
    return counted


def with_renamed_categories(annotations: Annotations, counted: Mapping[str, str]) -> Annotations:
    """Give every category the name it is counted under.

    Tables that share their categories still share them afterwards.

    Parameters
    ----------
    annotations
        What raters drew.
    counted
        New names; a category that is absent keeps its own.
    """
    old = annotations.categories
    names = tuple(sorted({counted.get(name, name) for name in old}, key=natural))
    if all(counted.get(name, name) == name for name in old) and names == old:
        return annotations
    place = {name: k for k, name in enumerate(names)}
    code = np.array([*(place[counted.get(name, name)] for name in old), NO_CATEGORY], np.int32)
    return replace(annotations, categories=names, category=code[annotations.category])


def apply_category_rules(study: Study, *, parents: bool = False) -> Study:
    """Count synonyms as one category, in what raters drew and in the reference alike.

    Parameters
    ----------
    study
        A study with `category_rules`.
    parents
        Whether a category counts as the broadest category above it. A parent without a
        severity of its own is as grave as the gravest category below it.

    Raises
    ------
    ParameterError
        Where the rules contradict one another.
    """
    rules = study.category_rules
    counted = renamed_categories(study.annotations.categories, rules, parents=parents)
    reference = study.reference
    return replace(
        study,
        annotations=with_renamed_categories(study.annotations, counted),
        reference=None if reference is None else with_renamed_categories(reference, counted),
        category_rules=_with_severe_parents(rules) if parents else rules,
    )


def propose_category_rules(
    names: Iterable[str],
    rules: Sequence[CategoryRule] = (),
    *,
    counts: Mapping[str, int] | None = None,
) -> tuple[CategoryRule, ...]:
    """Names that look like spellings of one category; to be shown, never applied unasked.

    Compared are names without capitals, width of characters, and spaces, low lines and
    dashes between two characters, unless these keep two digits apart. So ASCUS, ASC-US and
    "asc us" are near-equal; HER2 and HER2-, and 1-2 and 12, are not.

    Parameters
    ----------
    names
        Categories as raters gave them.
    rules
        Rules that stand already; what they settle is not proposed again.
    counts
        How often each name was given; the commonest spelling is proposed as the name.

    Returns
    -------
    tuple
        Rules to add to those that stand, or to put in place of those of the same name.
    """
    counts = counts or {}
    settled = {synonym: rule.name for rule in rules for synonym in rule.synonyms}
    standing = {rule.name: rule for rule in rules}
    alike: dict[str, set[str]] = defaultdict(set)
    for name in names:
        alike[_squeezed(name)].add(settled.get(name, name))
    proposed = []
    for spellings in alike.values():
        if len(spellings) < 2:
            continue
        chosen = min(
            spellings,
            key=lambda name: (name not in standing, -counts.get(name, 0), natural(name)),
        )
        others = sorted((s for s in spellings - {chosen} if s not in standing), key=natural)
        rule = standing.get(chosen, CategoryRule(chosen))
        if others:
            proposed.append(replace(rule, synonyms=(*rule.synonyms, *others)))
    return tuple(sorted(proposed, key=lambda rule: natural(rule.name)))


def _squeezed(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).strip().casefold()
    return _JOINT.sub(lambda gap: "-" if _between_digits(gap) else "", text)


def _between_digits(gap: re.Match[str]) -> bool:
    return gap.string[gap.start() - 1].isdigit() and gap.string[gap.end()].isdigit()


def _parents(rules: Sequence[CategoryRule]) -> dict[str, str]:
    """Category directly above each, by the name it is counted under."""
    meant = {synonym: rule.name for rule in rules for synonym in rule.synonyms}
    return {rule.name: meant.get(rule.parent, rule.parent) for rule in rules if rule.parent}


def _top(name: str, parent: Mapping[str, str]) -> str:
    seen = {name}
    while name in parent:
        name = parent[name]
        if name in seen:
            msg = f"category {name!r} is above itself; its parents go round in a circle"
            raise ParameterError(msg)
        seen.add(name)
    return name


def _with_severe_parents(rules: Sequence[CategoryRule]) -> tuple[CategoryRule, ...]:
    """Rules in which every topmost category has the largest severity known below it."""
    parent = _parents(rules)
    known = {rule.name: rule for rule in rules}
    worst: dict[str, float] = {}
    for rule in rules:
        top = _top(rule.name, parent)
        if rule.severity is not None:
            worst[top] = max(worst.get(top, -np.inf), rule.severity)
    for name, severity in worst.items():
        top_rule = known.get(name, CategoryRule(name))
        if top_rule.severity is None:
            known[name] = replace(top_rule, severity=severity)
    return tuple(known.values())
