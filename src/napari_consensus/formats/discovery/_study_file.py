"""What people say of a study, as study.json keeps it; it wins over every guess."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_consensus.data.categories import check_rules
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.study import CategoryRule
from napari_consensus.errors import ParameterError, ReadError, WriteError
from napari_consensus.formats._json import read_json
from napari_consensus.formats._target import write_text
from napari_consensus.formats.discovery._json_checks import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STUDY_FILE = "study.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class FileRule:
    """Whose one annotation file is.

    Parameters
    ----------
    rater, image
        Who drew everything in it, and on which image; "" where the file or its name says so.
    ignored
        Whether the file is left out.
    label_image
        Whether an image's numbers are instances; None where its pixels say it.
    """

    rater: str = ""
    image: str = ""
    ignored: bool = False
    label_image: bool | None = None


@dataclass(frozen=True, slots=True)
class RaterRule:
    """What a study says of one rater.

    Parameters
    ----------
    kind
        What the rater is; None where the name says it.
    pseudonym
        What they are called in exports that hide names, or "".
    aliases
        Other names in the files that mean them.
    read
        Images they looked at, besides those they drew on; None where nobody says so.
    trained_on
        Of a model: the raters whose annotations it learned from.
    """

    kind: RaterKind | None = None
    pseudonym: str = ""
    aliases: tuple[str, ...] = ()
    read: tuple[str, ...] | None = None
    trained_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StudyFile:
    """The saved and edited form of what was discovered.

    Paths are relative to the folder of the study, with / between names, and never leave it.

    Parameters
    ----------
    files
        Rules of annotation files, by path.
    raters
        Rules of raters, by name.
    images
        File of each image's pixels, by name.
    joint_images
        Images that raters annotated together; they say nothing of agreement.
    region_categories
        Categories whose annotations bound what their rater read, and are no objects.
    regions_file
        GeoJSON file of such regions, or "".
    layers_are_raters
        Whether the layers inside a file are raters; None where their names say it.
    rater_column
        Column of tables that says who drew, or "" where its name says so.
    categories
        Synonyms, parents and severities.
    count_parents
        Whether a category counts as the broadest category above it.
    """

    files: Mapping[str, FileRule] = field(default_factory=dict)
    raters: Mapping[str, RaterRule] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    joint_images: tuple[str, ...] = ()
    region_categories: tuple[str, ...] = ()
    regions_file: str = ""
    layers_are_raters: bool | None = None
    rater_column: str = ""
    categories: tuple[CategoryRule, ...] = ()
    count_parents: bool = False


def read_study_file(path: Path) -> StudyFile:
    """Read a study file.

    Raises
    ------
    ReadError
        Where it is no JSON, or an entry of it is unknown or wrong; one line names the entry
        by its path inside the file.
    """
    _, document = read_json(path)
    root = Entry(document, path)
    version = root.member("version")
    if version.value is not None and version.whole() != _VERSION:
        raise version.wrong(f"this release reads version {_VERSION}; install a later one")
    if version.value is None:
        raise version.wrong(f"a study file says its version; write {_VERSION}")
    root.only("version", "files", "raters", "images", "joint_images", "region_categories",
              "regions_file", "layers_are_raters", "rater_column", "categories",
              "count_parents")  # fmt: skip
    study = StudyFile(
        files={e.inside(name): _file_rule(e) for name, e in root.member("files").members()},
        raters={e.name(name): _rater_rule(e) for name, e in root.member("raters").members()},
        images={e.name(name): e.path_inside() for name, e in root.member("images").members()},
        joint_images=root.member("joint_images").names(),
        region_categories=root.member("region_categories").names(),
        regions_file=root.member("regions_file").path_inside(),
        layers_are_raters=root.member("layers_are_raters").truth_or_none(),
        rater_column=root.member("rater_column").text(),
        categories=tuple(_category_rule(e) for e in root.member("categories").entries()),
        count_parents=root.member("count_parents").truth_or_none() or False,
    )
    _check_aliases(root.member("raters"), study)
    try:
        check_rules(study.categories)
    except ParameterError as error:
        raise root.member("categories").wrong(str(error)) from None
    return study


def study_text(study: StudyFile) -> str:
    """Return a study file's text; what is not said is left out."""
    document = {
        "version": _VERSION,
        "images": dict(study.images),
        "raters": {
            name: _said(
                kind=None if rule.kind is None else str(rule.kind),
                pseudonym=rule.pseudonym,
                aliases=list(rule.aliases),
                read=None if rule.read is None else list(rule.read),
                trained_on=list(rule.trained_on),
            )
            for name, rule in study.raters.items()
        },
        "files": {
            name: _said(
                rater=rule.rater,
                image=rule.image,
                ignored=rule.ignored or None,
                label_image=rule.label_image,
            )
            for name, rule in study.files.items()
        },
        **_said(
            joint_images=list(study.joint_images),
            region_categories=list(study.region_categories),
            regions_file=study.regions_file,
            layers_are_raters=study.layers_are_raters,
            rater_column=study.rater_column,
            count_parents=study.count_parents or None,
        ),
        "categories": [
            {
                "name": rule.name,
                **_said(synonyms=list(rule.synonyms), parent=rule.parent, severity=rule.severity),
            }
            for rule in study.categories
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def write_study_file(study: StudyFile, folder: Path, *, overwrite: bool = False) -> Path:
    """Write the study file of a folder, whole or not at all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    WriteError
        Where one stands already and may not be replaced, or cannot be written.
    """
    path = folder / STUDY_FILE
    if not folder.is_dir():
        msg = f"{folder}: a study file stands in the folder of its study, and this is none"
        raise WriteError(msg)
    write_text(path, study_text(study), overwrite=overwrite)
    return path


def _said(**members: Any) -> dict[str, Any]:  # noqa: ANN401
    """Members that say something; a list of images read says so even where it is empty."""
    return {
        name: value
        for name, value in members.items()
        if value is not None and (name == "read" or value not in ("", []))
    }


def _file_rule(entry: Entry) -> FileRule:
    entry.only("rater", "image", "ignored", "label_image")
    return FileRule(
        rater=entry.member("rater").text(),
        image=entry.member("image").text(),
        ignored=entry.member("ignored").truth_or_none() or False,
        label_image=entry.member("label_image").truth_or_none(),
    )


def _rater_rule(entry: Entry) -> RaterRule:
    entry.only("kind", "pseudonym", "aliases", "read", "trained_on")
    kind = entry.member("kind")
    said = kind.text()
    if said and said not in set(RaterKind):
        raise kind.wrong(f"a kind is one of {', '.join(RaterKind)}")
    read = entry.member("read")
    return RaterRule(
        kind=RaterKind(said) if said else None,
        pseudonym=entry.member("pseudonym").text(),
        aliases=entry.member("aliases").names(),
        read=None if read.value is None else read.names(),
        trained_on=entry.member("trained_on").names(),
    )


def _category_rule(entry: Entry) -> CategoryRule:
    entry.only("name", "synonyms", "parent", "severity")
    name = entry.member("name")
    if not name.text():
        raise name.wrong("a category needs a name")
    return CategoryRule(
        name=name.text(),
        synonyms=entry.member("synonyms").names(),
        parent=entry.member("parent").text(),
        severity=entry.member("severity").number_or_none(),
    )


def _check_aliases(raters: Entry, study: StudyFile) -> None:
    owner = {name: name for name in study.raters}
    pseudonyms: dict[str, str] = {}
    for name, rule in study.raters.items():
        for alias in rule.aliases:
            if alias in owner:
                raise (
                    raters.member(name)
                    .member("aliases")
                    .wrong(f"{alias!r} is {owner[alias]!r} already; a name means one rater")
                )
            owner[alias] = name
        if rule.pseudonym in pseudonyms:
            raise (
                raters.member(name)
                .member("pseudonym")
                .wrong(f"{pseudonyms[rule.pseudonym]!r} is called that already")
            )
        if rule.pseudonym:
            pseudonyms[rule.pseudonym] = name


__all__ = [
    "STUDY_FILE",
    "FileRule",
    "RaterRule",
    "ReadError",
    "StudyFile",
    "read_study_file",
    "study_text",
    "write_study_file",
]
