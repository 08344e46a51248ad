"""What people correct of files, raters and images, each correction as another study file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_consensus.errors import ParameterError
from napari_consensus.formats.discovery import FileRule, RaterRule, image_key

if TYPE_CHECKING:
    from napari_consensus.data.raters import RaterKind
    from napari_consensus.formats.discovery import Discovery, StudyFile


def is_unsettled(found: Discovery) -> bool:
    """Whether something has to be left out, or said, before this can be used."""
    return bool(found.errors or found.study.refused)


def wants_a_look(found: Discovery) -> bool:
    """Whether people should see what was found in several files before it is used."""
    return len(found.files) > 1 and (is_unsettled(found) or bool(found.guessed.any()))


def without_unreadable(found: Discovery) -> StudyFile:
    """Leave out the files that cannot be read."""
    said = found.study_file
    files = {
        file.name: replace(said.files.get(file.name, FileRule()), ignored=True)
        for file in found.files
        if file.error
    }
    return replace(said, files={**said.files, **files})


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
        trained_on=kept.trained_on or gone.trained_on,
    )
    raters = {
        name: replace(
            rule, trained_on=tuple(new if other == old else other for other in rule.trained_on)
        )
        for name, rule in raters.items()
    }
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


def with_pseudonym(found: Discovery, rater: str, pseudonym: str) -> StudyFile:
    """Say what a rater is called in exports that hide names; "" leaves it to the export.

    Raises
    ------
    ParameterError
        Where another rater is called that.
    """
    said, pseudonym = found.study_file, pseudonym.strip()
    for name, rule in said.raters.items():
        if pseudonym and name != rater and rule.pseudonym == pseudonym:
            msg = f"{name!r} is called {pseudonym!r} already; a pseudonym means one rater"
            raise ParameterError(msg)
    rule = replace(said.raters.get(rater, RaterRule()), pseudonym=pseudonym)
    return replace(said, raters={**said.raters, rater: rule})


def with_looked(found: Discovery, rater: str, image: str, *, looked: bool) -> StudyFile:
    """Say that a rater looked at an image and found nothing, or say it no more."""
    said = found.study_file
    rule = said.raters.get(rater, RaterRule())
    read = tuple(name for name in rule.read or () if not _means(found, name, image))
    if looked:
        read = (*read, image)
    return replace(said, raters={**said.raters, rater: replace(rule, read=read or None)})


def is_said_to_have_looked(found: Discovery, rater: str, image: str) -> bool:
    """Whether people say that a rater looked at an image; no file has to."""
    read = found.study_file.raters.get(rater, RaterRule()).read or ()
    return any(_means(found, name, image) for name in read)


def with_joint(found: Discovery, image: str, *, joint: bool) -> StudyFile:
    """Say whether raters annotated an image together."""
    said = found.study_file
    others = tuple(name for name in said.joint_images if name != image)
    return replace(said, joint_images=(*others, image) if joint else others)


def _means(found: Discovery, name: str, image: str) -> bool:
    """Whether a name that people wrote means an image, as it does when the study is read."""
    return name == image or (name not in found.images and image_key(name) == image_key(image))


def _kind_of(found: Discovery, rater: str) -> RaterKind | None:
    if rater not in found.raters:
        return None
    return found.kinds[found.raters.index(rater)]
