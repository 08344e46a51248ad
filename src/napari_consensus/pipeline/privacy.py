"""A study without names: people, images and files numbered before anything is computed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from napari_consensus.data.pseudonyms import kept_pseudonyms, pseudonyms_of
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.consensus import Parameter, Step
    from napari_consensus.data.raters import RaterSet
    from napari_consensus.data.statements import RaterStatement

# The column of raters.csv that says what a reference rests on.
BASIS = "basis"
LEFT_OUT = "[left out]"
# Letters, a year, a number, as laboratories number what they receive: S23-12345, H2021/004711;
# and plain runs of seven digits or more, as hospitals number patients.
_ACCESSION = re.compile(r"\b(?:[A-Za-z]{1,4}[-_ ]?\d{2,4}[-_/ .]\d{3,}|\d{7,})(?=\D|$)")
_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[\\/][\w.~%+ -]+){2,}")
_NO_LETTER_BEFORE, _NO_LETTER_AFTER = r"(?<![^\W\d_])", r"(?![^\W\d_])"
# Names of raters that say what they are, and not who: such words may stand in free text.
_ROLE = re.compile(
    r"(?:rater|reader|expert|observer|annotator|pathologist|doctor|panel|person|user|senior|junior"
    r"|reference|truth|ground truth|gold|gold standard|model|prelabel|consensus)s?[\W_]*\w?\d*",
    re.IGNORECASE,
)
# Shorter names are ordinary words or letters; where they stand in free text they say nothing.
_TELLING = 4


class Names:
    """What is shown for names that stay at home, and what is cut out of free text.

    Parameters
    ----------
    shown
        What stands for each name, by kind ("image", "rater") and name.
    hidden
        Whether names are hidden at all.
    """

    def __init__(self, shown: Mapping[tuple[str, str], str], *, hidden: bool) -> None:
        self._shown = dict(shown)
        self.hidden = hidden
        told = {name for _, name in shown} | {PurePath(name).stem for _, name in shown}
        telling = sorted((n for n in told if _tells(n)), key=len, reverse=True)
        known = "|".join(re.escape(name) for name in telling)
        pattern = rf"{_NO_LETTER_BEFORE}(?:{known}){_NO_LETTER_AFTER}"
        self._known = re.compile(pattern, re.IGNORECASE) if known else None

    def image(self, name: str) -> str:
        """Return what is shown for an image."""
        return self._shown.get(("image", name), name)

    def rater(self, name: str) -> str:
        """Return what is shown for a rater."""
        return self._shown.get(("rater", name), name)

    def text(self, said: str) -> str:
        """Return free text without names, paths and what looks like an accession number."""
        if not self.hidden:
            return said
        for pattern in (_PATH, self._known, _ACCESSION):
            if pattern is not None:
                said = pattern.sub(LEFT_OUT, said)
        return said


def without_names(
    study: Study, reference: Annotations | None, clusters: Mapping[str, str]
) -> tuple[Study, Annotations | None, dict[str, str], Names]:
    """Put numbers for images, people and files; codes, and so all results, stay as they are.

    People get the pseudonyms that exports give them, whoever is left out here. Images become
    image-1, image-2, ... in the order of the study, and files file-1, file-2, ... Remarks made
    while reading are left out, for they name files; so is all that only a format understands.

    Parameters
    ----------
    study
        What was read.
    reference
        The annotations it is held against, which may come from elsewhere.
    clusters
        What images belong to, by name.

    Returns
    -------
    study, reference, clusters, names
        The first three without names; the last knows what was hidden.
    """
    tables = [table for table in (study.annotations, reference) if table is not None]
    images = list(dict.fromkeys(name for table in tables for name in table.images))
    shown = {("image", name): f"image-{k}" for k, name in enumerate(images, 1)}
    known = _pseudonyms_in(study)
    people = {**known, **_raters(study.annotations.raters)}
    if reference is not None:
        # A rater of the study who is the reference here stays who they are everywhere; numbers
        # that others have in a study of their own mean nobody here.
        asked = replace(
            reference.raters,
            kinds=(RaterKind.REFERENCE,) * len(reference.raters),
            pseudonyms=known,
        )
        people = {**_raters(asked), **people}
    shown |= {("rater", name): new for name, new in people.items()}
    names = Names(shown, hidden=True)

    def hidden(table: Annotations) -> Annotations:
        return replace(
            table,
            images=tuple(names.image(name) for name in table.images),
            categories=_apart(names.text(name) for name in table.categories),
            raters=_renamed(table.raters, names),
            native=None,
        )

    own = study.reference is reference
    category = dict(
        zip(
            study.annotations.categories,
            _apart(names.text(name) for name in study.annotations.categories),
            strict=True,
        )
    )
    plain = Study(
        annotations=hidden(study.annotations),
        reference=hidden(reference) if own and reference is not None else None,
        image_files={names.image(k): file for k, file in (study.image_files or {}).items()},
        image_sizes={names.image(k): size for k, size in (study.image_sizes or {}).items()},
        category_rules=tuple(
            replace(rule, name=category.get(rule.name, names.text(rule.name)), synonyms=())
            for rule in study.category_rules
        ),
        sources=tuple(
            replace(source, file=f"file-{k}{_suffix(source.file)}")
            for k, source in enumerate(study.sources, 1)
        ),
        # How many there are is told, and nothing of what they say.
        refused=study.refused,
    )
    return (
        plain,
        plain.reference if own or reference is None else hidden(reference),
        {names.image(name): belongs for name, belongs in clusters.items()},
        names,
    )


def steps_without_names(steps: Sequence[Step], names: Names) -> tuple[Step, ...]:
    """Return steps of a consensus by the names that are shown: who was left out, what taken."""
    return tuple(
        replace(step, parameters={k: _shown(k, v, names) for k, v in step.parameters.items()})
        for step in steps
    )


def _shown(key: str, value: Parameter, names: Names) -> Parameter:
    if key == "raters" and value is not None:
        return json.dumps([names.rater(name) for name in json.loads(str(value))])
    return names.image(str(value)) if key == "image" else value


def with_names(study: Study) -> Names:
    """Return what shows every name as it is."""
    return Names({("image", name): name for name in study.annotations.images}, hidden=False)


def _pseudonyms_in(study: Study) -> dict[str, str]:
    """Return what people of a study are called, also those who were left out of it."""
    tables = [t for t in (study.reference, study.annotations) if t is not None]
    return {name: new for t in tables for name, new in kept_pseudonyms(t.raters).items()}


def _raters(raters: RaterSet) -> dict[str, str]:
    """Pseudonyms of people as in exports; models keep names that tell of no person and no case."""
    shown = pseudonyms_of(raters)
    people = {("rater", name): new for name, new in shown.items() if name != new}
    bare = Names(people, hidden=True)
    taken = set(shown.values())
    number = 0
    for name, new in shown.items():
        if new != name or bare.text(new) == new:
            continue
        number += 1
        while f"model-{number}" in taken:
            number += 1
        shown[name] = f"model-{number}"
    return shown


def _renamed(raters: RaterSet, names: Names) -> RaterSet:
    return replace(
        raters,
        names=tuple(names.rater(name) for name in raters.names),
        pseudonyms={},
        statements={
            names.rater(name): _plain(said, names)
            for name, said in raters.statements.items()
            if name in raters.names
        },
    )


def _plain(said: RaterStatement, names: Names) -> RaterStatement:
    held = said.without_names()
    return replace(
        held,
        qualification=names.text(held.qualification),
        certification=names.text(held.certification),
        role=names.text(held.role),
        date=names.text(held.date),
        guideline_version=names.text(held.guideline_version),
        other={key: names.text(text) for key, text in said.other.items() if key == BASIS},
    )


def _apart(texts: Iterable[str]) -> tuple[str, ...]:
    """Return texts, those that have become equal numbered."""
    out: list[str] = []
    for text in texts:
        name, k = text, 1
        while name in out:
            k += 1
            name = f"{text} {k}"
        out.append(name)
    return tuple(out)


def _suffix(file: str) -> str:
    suffix = PurePath(file).suffix
    return suffix if suffix[1:].isalpha() else ""


def _tells(name: str) -> bool:
    return len(name) >= _TELLING and not name.isdigit() and _ROLE.fullmatch(name) is None
