"""What a person corrects of a discovery, each correction as another study file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_consensus.data.study import CategoryRule
from napari_consensus.errors import ParameterError
from napari_consensus.formats.discovery import FileRule, RaterRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_consensus.data.raters import RaterKind
    from napari_consensus.formats.discovery import Discovery, StudyFile


def wants_a_look(found: Discovery) -> bool:
    """Whether people should see what was found in several files before it is used."""
    return len(found.files) > 1 and bool(found.guessed.any() or found.errors)


def with_rater_called(found: Discovery, old: str, new: str) -> StudyFile:
    """Call a rater otherwise; the name of another rater makes both one.

    What the rater was taken for stays: a reference does not become a person by a new name.

    Raises
    ------
    ParameterError
        Where the new name is empty.
    """
    said, new = found.study_file, new.strip()
    if not new:
        msg = "a rater needs a name"
        raise ParameterError(msg)
    if new == old:
        return said
    raters = dict(said.raters)
    gone = raters.pop(old, RaterRule())
    kept = raters.get(new, RaterRule(kind=_kind_of(found, new if new in found.raters else old)))
    aliases = dict.fromkeys((*kept.aliases, *gone.aliases, old))
    read = None if kept.read is gone.read is None else (*(kept.read or ()), *(gone.read or ()))
    raters[new] = replace(
        kept,
        pseudonym=kept.pseudonym or gone.pseudonym,
        aliases=tuple(alias for alias in aliases if alias != new),
        read=read,
    )
    files = {
        name: replace(rule, rater=new) if rule.rater == old else rule
        for name, rule in said.files.items()
    }
    return replace(said, files=files, raters=raters)


def with_kind(found: Discovery, rater: str, kind: RaterKind) -> StudyFile:
    """Say what a rater is."""
    said = found.study_file
    rule = replace(said.raters.get(rater, RaterRule()), kind=kind)
    return replace(said, raters={**said.raters, rater: rule})


def with_file(
    found: Discovery,
    name: str,
    *,
    rater: str | None = None,
    image: str | None = None,
    ignored: bool | None = None,
) -> StudyFile:
    """Say whose a file is, or leave it out; "" is what the file or its name says."""
    said = found.study_file
    old = said.files.get(name, FileRule())
    rule = FileRule(
        rater=old.rater if rater is None else rater.strip(),
        image=old.image if image is None else image.strip(),
        ignored=old.ignored if ignored is None else ignored,
    )
    files = {**said.files, name: rule}
    if rule == FileRule():
        del files[name]
    return replace(said, files=files)


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
        rules[means] = replace(
            rule,
            synonyms=(*rule.synonyms, *gone.synonyms, name),
            severity=gone.severity if rule.severity is None else rule.severity,
        )
    return _with_categories(said, rules)


def with_severity(found: Discovery, name: str, severity: float | None) -> StudyFile:
    """Say how bad it is to miss a category; None leaves it undeclared."""
    rules = {rule.name: rule for rule in found.study_file.categories}
    rules[name] = replace(rules.get(name, CategoryRule(name)), severity=severity)
    return _with_categories(found.study_file, rules)


def _with_categories(said: StudyFile, rules: Mapping[str, CategoryRule]) -> StudyFile:
    """Keep the rules that say something."""
    kept = tuple(rule for name, rule in rules.items() if rule != CategoryRule(name))
    return replace(said, categories=kept)


def _meant(rules: Mapping[str, CategoryRule], name: str) -> str:
    return next((rule.name for rule in rules.values() if name in rule.synonyms), name)


def _kind_of(found: Discovery, rater: str) -> RaterKind | None:
    if rater not in found.raters:
        return None
    return found.kinds[found.raters.index(rater)]
