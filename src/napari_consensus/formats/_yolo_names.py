"""Names of YOLO's numbered classes, from whichever file beside the labels holds them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_consensus.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_YAML = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
_LISTS = ("classes.txt", "obj.names")
_DATA = "obj.data"
# labels/train/NAME.txt stands two folders below data.yaml.
_UPWARDS = 3
_LARGEST = 1 << 18


class Classes(NamedTuple):
    """What a file says of the classes.

    Parameters
    ----------
    file
        The file; None where none was found.
    names
        Name of each class by number.
    keypoints
        Numbers that follow the box in each line, 0 where labels are no poses.
    """

    file: Path | None
    names: dict[int, str]
    keypoints: int = 0


def classes_of(labels: Path) -> Classes:
    """Find the classes of a file of labels, in its folder and the two above.

    Raises
    ------
    ReadError
        Where the file that should hold them cannot be read.
    """
    file = next(_candidates(labels), None)
    if file is None:
        return Classes(None, {})
    state = file.stat()
    # A data set has thousands of labels and one such file.
    return _read(file, state.st_mtime_ns, state.st_size)


def has_classes(labels: Path) -> bool:
    """Whether some file in the folder of labels, or in the two above, names classes."""
    return next(_candidates(labels), None) is not None


def _candidates(labels: Path) -> Iterator[Path]:
    for folder in list(labels.absolute().parents)[:_UPWARDS]:
        for name in (*_YAML, *_LISTS):
            if (folder / name).is_file():
                yield folder / name
        if (folder / _DATA).is_file():
            yield from _named_in(folder / _DATA)


def _named_in(data: Path) -> Iterator[Path]:
    """Return the list that a darknet file names, looked for beside it and nowhere else."""
    for line in _text(data, data.stat().st_size).splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "names":
            file = data.parent / value.strip().replace("\\", "/").rpartition("/")[2]
            if file.is_file():
                yield file


@lru_cache(maxsize=16)
def _read(file: Path, changed: int, size: int) -> Classes:  # noqa: ARG001
    """Read names; `changed`, in nanoseconds, tells the cache that they are others."""
    text = _text(file, size)
    if file.name not in _YAML:
        names = [line.strip() for line in text.splitlines()]
        return Classes(file, {k: name for k, name in enumerate(names) if name})
    document = _yaml(file, text)
    held = document.get("names") if isinstance(document, dict) else None
    if isinstance(held, list):
        held = {str(k): name for k, name in enumerate(held)}
    if not isinstance(held, dict):
        msg = f"{file}: needs `names`, a list of the classes or their names by number"
        raise ReadError(msg)
    names_by_number = {
        int(k): name.strip()
        for k, name in held.items()
        if isinstance(k, str) and isinstance(name, str) and _is_number(k)
    }
    return Classes(file, names_by_number, _keypoints(document.get("kpt_shape")))


def _keypoints(shape: object) -> int:
    if not isinstance(shape, list) or len(shape) != 2:
        return 0
    count, each = (int(n) if isinstance(n, str) and _is_number(n) else 0 for n in shape)
    return count * each


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _yaml(file: Path, text: str) -> Any:  # noqa: ANN401
    import yaml

    try:
        # The base loader makes nothing but text, lists and mappings: no tag has a meaning.
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:80]
        msg = f"{file}: this is no YAML that can be read ({reason})"
        raise ReadError(msg) from None


def _text(file: Path, size: int) -> str:
    if size > _LARGEST:
        msg = f"{file}: has {size:,} bytes, too many for names of classes"
        raise ReadError(msg)
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        msg = f"{file}: cannot be read: {error.strerror or error}"
    except UnicodeDecodeError:
        msg = f"{file}: is not UTF-8; save the file as UTF-8"
    raise ReadError(msg)
