"""Annotations, a consensus or a study become files: all of them or none."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from napari_consensus.data.consensus import Consensus
from napari_consensus.data.gold import GoldStandard
from napari_consensus.errors import ParameterError, WriteError
from napari_consensus.formats._export import Export, export_of
from napari_consensus.formats._file_names import file_names
from napari_consensus.formats._provenance import posterior_pieces, provenance_text
from napari_consensus.formats._registry import FORMATS
from napari_consensus.formats._target import (
    check_files,
    check_folder,
    make_folder,
    told_of,
    write_files,
)
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from os import PathLike

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import Study
    from napari_consensus.errors import Refusal
    from napari_consensus.formats._format import Format

_WRITABLE = {name: kind for name, kind in FORMATS.items() if kind.write is not None}
_IN_FOLDERS = "geojson"
_PARQUET = "parquet"
_PER_IMAGE = (_IN_FOLDERS, *(name for name, kind in _WRITABLE.items() if kind.one_image))
_BESIDE = ("provenance.json", "posterior.csv")


def write(
    subject: Annotations | Consensus | GoldStandard | Study,
    path: str | PathLike[str],
    *,
    format: str | None = None,
    overwrite: bool = False,
    pseudonyms: bool = False,
    refused: Sequence[Refusal] = (),
    image_sizes: Mapping[str, tuple[int, int]] | None = None,
    progress: Progress = silent,
) -> tuple[Path, ...]:
    """Write annotations, a consensus, a gold standard or a study.

    Beside a consensus stand `<name>.provenance.json` and `<name>.posterior.csv`, beside a gold
    standard the first of them. A path
    without a suffix is a folder, which gets a file for each image: GeoJSON, or another format
    that holds one image a file.

    Parameters
    ----------
    subject
        What to write.
    path
        File or folder to write.
    format
        A writable name of `FORMATS`; by default what the suffix says.
    overwrite
        Replace files that stand already.
    pseudonyms
        Call people rater-1, rater-2, ... everywhere.
    refused
        Rows left out while reading, for the provenance.
    image_sizes
        Width and height of images in pixels, by name, beside those that a study knows; for
        formats that hold places in percent.
    progress
        Reports, and stops where it raises; nothing is left behind then.

    Returns
    -------
    tuple of Path
        Every file written, the one asked for first.

    Raises
    ------
    WriteError
        Where a file stands already, or cannot be written.
    ParameterError
        Where no format has that name or suffix.
    """
    target = Path(path)
    with_beside = isinstance(subject, Consensus | GoldStandard)
    chosen = check_target(target, format=format, overwrite=overwrite, consensus=with_beside)
    export = export_of(subject, pseudonyms=pseudonyms, sizes=image_sizes)
    files: dict[Path, Iterable[str | bytes]]
    if _is_folder(target):
        names = file_names(export.images, chosen.written_suffixes[-1 if chosen.one_image else 0])
        parts = {target / name: k for k, name in enumerate(names)}
        files = {file: _pieces(chosen, export.of_image(k), progress) for file, k in parts.items()}
    else:
        files = {target: _pieces(chosen, export, progress)}
    provenance, posterior = _beside(target)
    if isinstance(subject, Consensus | GoldStandard):
        files[provenance] = [provenance_text(subject, refused, pseudonyms=pseudonyms)]
    if isinstance(subject, Consensus):
        files[posterior] = posterior_pieces(subject)
    with _folder_of(target):
        write_files(files, overwrite=overwrite)
    return tuple(files)


def check_target(
    path: str | PathLike[str],
    *,
    format: str | None = None,
    overwrite: bool = False,
    consensus: bool = False,
) -> Format:
    """Check before any work that `write` can write to a path.

    Parameters
    ----------
    path
        File or folder that will be written.
    format, overwrite
        As `write` will be given.
    consensus
        Whether a consensus will be written, which has files beside it.

    Returns
    -------
    Format
        What will be written.

    Raises
    ------
    WriteError
        Where a file stands already, or cannot be written.
    ParameterError
        Where no format has that name or suffix.
    """
    target = Path(path)
    with told_of(target):
        chosen = _format(target, format)
        if _is_folder(target):
            _check_new_folder(target, overwrite=overwrite)
        else:
            check_files([target, *(_beside(target) if consensus else ())], overwrite=overwrite)
    return chosen


@contextmanager
def _folder_of(target: Path) -> Iterator[None]:
    """Make the folder that is a target; where writing to it fails, it is gone again."""
    new = _is_folder(target) and not target.exists()
    if new:
        make_folder(target)
    try:
        yield
    except BaseException:
        if new:
            target.rmdir()
        raise


def _format(target: Path, name: str | None) -> Format:
    if _PARQUET not in _WRITABLE and (name or target.suffix.casefold()[1:]) == _PARQUET:
        msg = "parquet needs pyarrow: pip install pyarrow, or write npz or csv"
        raise ParameterError(msg)
    if name is not None and name not in _WRITABLE:
        msg = f"no format {name!r} can be written; there are {', '.join(_WRITABLE)}"
        raise ParameterError(msg)
    if _is_folder(target):
        if name is not None and name not in _PER_IMAGE:
            kinds = " or ".join(_PER_IMAGE)
            msg = f"{target}: a folder holds {kinds} files, one an image; name a file for {name}"
            raise ParameterError(msg)
        return _WRITABLE[name or _IN_FOLDERS]
    if name is not None:
        return _WRITABLE[name]
    by_suffix = {s: f for f in reversed(_WRITABLE.values()) for s in f.written_suffixes}
    for suffix in sorted(by_suffix, key=len, reverse=True):
        if target.name.casefold().endswith(suffix):
            return by_suffix[suffix]
    msg = f"{target.name}: no format ends like this; use {', '.join(sorted(by_suffix))}"
    raise ParameterError(msg)


def _is_folder(target: Path) -> bool:
    return target.is_dir() or not target.suffix


def _check_new_folder(folder: Path, *, overwrite: bool) -> None:
    check_folder(folder)
    standing = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
    if standing and not overwrite:
        msg = f"{folder}: the folder holds {standing[0]} already; name another, or overwrite"
        raise WriteError(msg)


def _beside(target: Path) -> list[Path]:
    if _is_folder(target):
        return [target / name for name in _BESIDE]
    # By the whole name: one consensus written in several formats keeps what stands beside each.
    return [target.with_name(f"{target.name}.{name}") for name in _BESIDE]


def _pieces(format: Format, export: Export, progress: Progress) -> Iterable[str | bytes]:
    if format.write is None:
        msg = f"{format.title} is only read"
        raise ParameterError(msg)
    return format.write(export, progress)
