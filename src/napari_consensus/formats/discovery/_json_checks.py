"""Values in a JSON file that people edit, each known by its path inside the file."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_consensus.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST_PATH = 4096
_PLAIN_KEY = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value in a JSON file; None stands for one that is absent or null.

    Parameters
    ----------
    value
        What JSON gave.
    file
        The file it stands in.
    place
        Its path inside the file, as in `files["a/b.csv"].rater`; "" for the whole.
    """

    value: Any
    file: Path
    place: str = ""

    def wrong(self, rule: str) -> ReadError:
        """Return the one line that says what is wrong with this value."""
        where = f"{self.file}, {self.place or 'the whole file'}"
        if self.value is None:
            return ReadError(f"{where}: {rule}")
        return ReadError(f"{where}: {_shown(self.value)}: {rule}")

    def member(self, name: str) -> Entry:
        """Return the value under a name of an object."""
        plain = _PLAIN_KEY.fullmatch(name) is not None
        step = name if plain else f'["{name}"]'
        place = f"{self.place}.{step}" if self.place and plain else f"{self.place}{step}"
        return Entry(self._object().get(name), self.file, place)

    def members(self) -> Iterator[tuple[str, Entry]]:
        """Give all names of an object, each with its value."""
        for name in self._object():
            yield name, self.member(name)

    def entries(self) -> Iterator[Entry]:
        """Give all values of a list."""
        for k, value in enumerate(self._list()):
            yield Entry(value, self.file, f"{self.place}[{k}]")

    def only(self, *names: str) -> None:
        """Check that an object has no other members than these.

        Raises
        ------
        ReadError
            Where it has; most often a name is misspelt.
        """
        for name in self._object():
            if name not in names:
                rule = f"there is no such entry; known are {', '.join(names)}"
                unknown = self.member(name)
                raise Entry(None, self.file, unknown.place).wrong(rule)

    def text(self) -> str:
        """Return a text, "" where there is none."""
        if self.value is None:
            return ""
        return self._name(self.value)

    def name(self, key: str) -> str:
        """Return the name of this member, checked as a name."""
        return self._name(key)

    def names(self) -> tuple[str, ...]:
        """Return a list of names without repetition, () where there is none."""
        found = tuple(entry.text() for entry in self.entries())
        for k, name in enumerate(found):
            if not name or name in found[:k]:
                raise Entry(name or None, self.file, f"{self.place}[{k}]").wrong(
                    "a list of names holds each once, and no empty one"
                )
        return found

    def whole(self) -> int:
        """Return a whole number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.wrong("this must be a whole number")
        return self.value

    def number_or_none(self) -> float | None:
        """Return a finite number, None where there is none."""
        if self.value is None:
            return None
        plain = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        # Whole numbers of JSON may be too large for a float.
        if not plain or not abs(self.value) < 1e300 or not math.isfinite(self.value):
            raise self.wrong("this must be a finite number")
        return float(self.value)

    def truth_or_none(self) -> bool | None:
        """Return true or false, None where there is none."""
        if self.value is None or isinstance(self.value, bool):
            return self.value
        raise self.wrong("this must be true or false")

    def path_inside(self) -> str:
        """Return a relative path that stays in the folder, "" where there is none."""
        if self.value is None:
            return ""
        if not isinstance(self.value, str):
            raise self.wrong("this must be a text")
        return self.inside(self.value)

    def inside(self, path: str) -> str:
        """Return a relative path that stays in the folder of the file.

        Raises
        ------
        ReadError
            Where it is absolute, climbs out, or a link leads out.
        """
        rule = "a path is relative, with / between names, and stays in the folder of the study"
        parts = path.split("/")
        if (
            len(path) > _LONGEST_PATH
            or any(part in ("", ".", "..") for part in parts)
            or re.search(r"[\\\x00-\x1f\x7f]|^[A-Za-z]:", path)
        ):
            raise self.wrong(f"{path[:80]!r}: {rule}")
        folder = self.file.parent.resolve()
        try:
            resolved = folder.joinpath(*parts).resolve()
        except (OSError, RuntimeError, ValueError):
            raise self.wrong(f"{path[:80]!r}: {rule}") from None
        if not resolved.is_relative_to(folder):
            raise self.wrong(f"{path[:80]!r}: {rule}")
        return path

    def _name(self, value: object) -> str:
        if not isinstance(value, str):
            raise self.wrong("this must be a text")
        if value != value.strip():
            raise self.wrong("a name has no space around it")
        return value

    def _object(self) -> dict[str, Any]:
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            raise self.wrong("this must be an object in braces")
        return self.value

    def _list(self) -> list[Any]:
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            raise self.wrong("this must be a list in brackets")
        return self.value


def _shown(value: object) -> str:
    """Return a short form of a value; a deep one is not walked through."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return repr(value[:60] if isinstance(value, str) else value)[:80]
