"""What a command reads is never what it writes, whatever may be replaced."""

from __future__ import annotations

import os
from functools import wraps
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_consensus.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Callable

# Parameters of commands, as people know them.
_READ = {
    "path": "PATH",
    "paths": "PATH",
    "decisions": "--decisions",
    "reference": "--reference",
    "clusters": "--clusters",
    "costs": "--costs",
    "consensus_file": "--consensus",
}
_WRITTEN = {"out": "OUT", "card": "--card", "save": "--save", "screenshot": "--screenshot"}


def keeping_what_it_reads(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that refuses, before any work, to write over what it is to read."""

    @wraps(command)
    def checked(**given: Any) -> None:  # noqa: ANN401 (whatever its options are)
        check_places(given)
        command(**given)

    return checked


def check_places(given: dict[str, Any]) -> None:
    """Check the files that the arguments of a command name.

    Raises
    ------
    WriteError
        Where one that would be written is one that is read, or two that would be written are one.
    """
    written = [(name, Path(given[key])) for key, name in _WRITTEN.items() if given.get(key)]
    if given.get("out"):
        written.append(("what is written beside OUT", Path(f"{given['out']}.provenance.json")))
    for key, name in _READ.items():
        named = given.get(key) or []
        for read in named if isinstance(named, list) else [named]:
            for _, target in written:
                if _same(Path(read), target):
                    msg = f"{target}: this is what is read ({name}); name another place to write to"
                    raise WriteError(msg)
    for (one, target), (other, second) in combinations(written, 2):
        if _same(target, second):
            msg = f"{target}: {one} and {other} are the same file; name two"
            raise WriteError(msg)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        # One of them is not there, or not to be looked at: then the names say it.
        here, there = (os.path.normcase(os.path.abspath(path)) for path in (one, other))  # noqa: PTH100
        return here == there
