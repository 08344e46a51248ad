"""What people correct of categories, each correction as another study file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_consensus.data.study import CategoryRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_consensus.formats.discovery import Discovery, StudyFile


def with_synonym(found: Discovery, name: str, means: str) -> StudyFile:
    """Count a category as another; "" or itself makes it one of its own again."""
    said, means = found.study_file, means.strip()
    rules = {
        rule.name: replace(rule, synonyms=tuple(s for s in rule.synonyms if s != name))
        for rule in said.categories
    }
    if means not in ("", name):
        means = _meant(rules, means)
        gone = rules.pop(name, CategoryRule(name))
        rule = rules.get(means, CategoryRule(means))
        parent = rule.parent or gone.parent
        rules[means] = replace(
            rule,
            synonyms=(*rule.synonyms, *gone.synonyms, name),
            parent="" if parent in (means, name) else parent,
            severity=gone.severity if rule.severity is None else rule.severity,
        )
    return _with_categories(said, rules)


def with_severity(found: Discovery, name: str, severity: float | None) -> StudyFile:
    """Say how bad it is to miss a category; None leaves it undeclared."""
    rules = {rule.name: rule for rule in found.study_file.categories}
    rules[name] = replace(rules.get(name, CategoryRule(name)), severity=severity)
    return _with_categories(found.study_file, rules)


def with_parent(found: Discovery, name: str, parent: str) -> StudyFile:
    """Put a category below a broader one; "" or itself leaves it at the top."""
    rules, parent = {rule.name: rule for rule in found.study_file.categories}, parent.strip()
    parent = "" if parent == name else _meant(rules, parent)
    rules[name] = replace(rules.get(name, CategoryRule(name)), parent=parent)
    return _with_categories(found.study_file, rules)


def with_regions(found: Discovery, name: str, *, bounding: bool) -> StudyFile:
    """Say whether outlines of a category bound what their rater read, and are no objects."""
    said = found.study_file
    others = tuple(other for other in said.region_categories if other != name)
    return replace(said, region_categories=(*others, name) if bounding else others)


def with_parents_counted(found: Discovery, *, counted: bool) -> StudyFile:
    """Say whether a category counts as the broadest category above it."""
    return replace(found.study_file, count_parents=counted)


def _with_categories(said: StudyFile, rules: Mapping[str, CategoryRule]) -> StudyFile:
    """Keep the rules that say something."""
    kept = tuple(rule for name, rule in rules.items() if rule != CategoryRule(name))
    return replace(said, categories=kept)


def _meant(rules: Mapping[str, CategoryRule], name: str) -> str:
    return next((rule.name for rule in rules.values() if name in rule.synonyms), name)
