"""Look for files that break a reader: fuzz.py FOUND SAMPLES [LIBFUZZER OPTIONS].

Needs atheris (`pip install atheris`, Linux and macOS), which is no dependency of the project.
SAMPLES is a folder of annotation files; small ones of every format and small slides are added.
An input that ends in anything but a result or a `ConsensusError` of one line, or that takes
long, is kept in FOUND/bugs with what happened; the search goes on.
"""

from __future__ import annotations

import contextlib
import io
import logging
import random
import re
import resource
import shutil
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import atheris

with atheris.instrument_imports(include=["napari_consensus", "json", "csv"]):
    from napari_consensus.errors import ConsensusError
    from napari_consensus.formats import FORMATS, discover, format_of, ndpa, read_discovery, write
    from napari_consensus.formats.discovery import suggested, write_study_file
    from napari_consensus.slides import associated_images, open_slide
    from napari_consensus.slides.hamamatsu import ScanPosition

import numpy as np
import tifffile
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 8.0  # of processor time that no small file may take
_MEMORY = 6 << 30  # bytes of address space; whoever asks for more gets a MemoryError
_LARGEST = 60_000  # bytes of an input
_SLIDES = ("slide.svs", "slide.ome.tif", "slide.tif", "slide.png", "slide.jpg", "slide.ndpi")
_OTHERS = ("study.json", "a.geojson.gz", "a.geojson.zip")
_TABLE = "image,rater,category,xmin,ymin,xmax,ymax\na.png,r1,cell,1,2,30,40\na.png,r2,,,,,\n"
_TOKEN = re.compile(rb"-?\d+(?:\.\d+)?|\"[^\"\n]*\"|[a-zA-Z_]+|[\[\]{}<>,:;=/|]")
_JUNK = (
    b"", b"nan", b"NaN", b"inf", b"-Infinity", b"-1e999", b"1e300", b"1e9", b"-0.0", b"9" * 400,
    b"1_0", b"null", b"true", b'""', b"[]", b"{}", b"[" * 2000, b'{"a":' * 2000, b"<a>" * 90,
    b"&lt;", b"]]>", b"\xd9\xa3", b"\0", b"\\ud800", b"\xed\xa0\x80", b"\r", b"\r\n", b"\t",
    b"=1+1", b"../../x", b"/etc/hosts", b"1000000000", b"18446744073709551616", b"-1", b"0",
    b"\xff\xfe", b"\xef\xbb\xbf", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"\xe2\x80\xa8", b"\x85",
)  # fmt: skip


def main(found: Path, samples: Path, options: list[str]) -> None:
    """Fuzz until libFuzzer's options say to stop."""
    logging.disable()
    corpus, bugs = found / "corpus", found / "bugs"
    for folder in (corpus, bugs):
        folder.mkdir(parents=True, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    # The place of a scan is read from a slide, which no annotation file holds.
    ndpa.scan_position = lambda _: ScanPosition(400, 600, (0.25, 0.5), (1000.0, -500.0))
    targets = [_file_of(name) for name, f in FORMATS.items() if f.suffixes and f.read]
    targets += [*_OTHERS, *_SLIDES]
    for number, seed in enumerate(_seeds(samples, targets)):
        (corpus / f"seed-{number:04}").write_bytes(seed)
    with tempfile.TemporaryDirectory() as scratch:
        run = _target(Path(scratch), targets, bugs)
        arguments = [sys.argv[0], str(corpus), f"-max_len={_LARGEST}", "-timeout=60", *options]
        atheris.Setup(arguments, run, custom_mutator=_mutated)
        atheris.Fuzz()


def _file_of(name: str) -> str:
    """Name of a file of a format; its image is a.png."""
    return f"a{FORMATS[name].suffixes[0]}" if name != "ndpa" else "glass.ndpi.ndpa"


def _target(scratch: Path, targets: list[str], bugs: Path) -> Callable[[bytes], None]:
    """Return what reads one input, whose first byte says which file it is."""
    known: set[str] = set()
    folder = scratch / "study"

    def run(data: bytes) -> None:
        if len(data) < 2:
            return
        name = targets[data[0] % len(targets)]
        folder.mkdir()
        (folder / name).write_bytes(data[1:])
        start = time.process_time()
        happened = _what_happens(folder / name, data[-1])
        taken = time.process_time() - start
        if taken > _SECONDS:
            happened = happened or f"slow: {name}"
        _look_outside(scratch, known)
        shutil.rmtree(folder)
        if happened and happened.splitlines()[0] not in known:
            known.add(happened.splitlines()[0])
            file = bugs / f"{len(list(bugs.iterdir())):04}-{name}"
            file.write_bytes(data[1:])
            said = f"{happened}\n{taken:.1f} s\n"
            file.with_name(f"{file.name}.why").write_text(said, encoding="utf-8")

    return run


def _look_outside(scratch: Path, known: set[str]) -> None:
    """Complain of every file beside the study's folder."""
    for path in scratch.iterdir():
        if path.name != "study" and path.name not in known:
            known.add(path.name)
            sys.stderr.write(f"a file was written outside of the study: {path.name}\n")


def _what_happens(path: Path, choice: int) -> str:
    """Return the place and traceback of an error that is none of ours, "" where there is none."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            _use(path, choice)
    except ConsensusError as error:
        message = str(error)
        return f"message: {message[:300]!r}" if "\n" in message else ""
    except BaseException as error:  # noqa: BLE001 (whatever escapes is what is looked for)
        own = [
            f for f in traceback.extract_tb(error.__traceback__) if "napari_consensus" in f.filename
        ]
        place = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
        return f"{type(error).__name__} at {place}\n{traceback.format_exc()}"
    return ""


def _use(path: Path, choice: int) -> None:
    if path.name in _SLIDES:
        associated_images(path)
        with open_slide(path) as slide:
            for level in (slide.levels[0], slide.levels[-1]):
                level[:300, -300:]
            for channel in slide.channels[:4]:
                channel.levels[-1][:64, :64]
        return
    Image.new("L", (80, 50)).save(path.parent / "a.png")
    (path.parent / "glass.ndpi").touch()
    if path.name == "study.json":
        (path.parent / "table.csv").write_text(_TABLE, encoding="utf-8")
    format_of(path)
    for place in (path, path.parent):
        study = read_discovery(found := discover(place), skip_refused=True)
    write_study_file(suggested(found), path.parent, overwrite=True)
    read_discovery(discover(path.parent), skip_refused=True)
    writers = [f for f in FORMATS.values() if f.write]
    kind = writers[choice % len(writers)]
    images = dict.fromkeys(study.annotations.images, (80, 50))
    out = path.parent / f"out{kind.suffixes[0]}"
    write(study, out, format=kind.name, image_sizes=images)
    if kind.read:
        read_discovery(discover(out))


def _mutated(data: bytes, max_size: int, seed: int) -> bytes:
    """Replace words by awkward ones as often as bytes by any."""
    random_ = random.Random(seed)  # noqa: S311 (not for secrets)
    words = [m.span() for m in _TOKEN.finditer(data, 1)] if random_.random() < 0.6 else []
    if not words:
        return atheris.Mutate(data, max_size)
    for _ in range(random_.choice((1, 1, 2, 4))):
        start, stop = random_.choice(words)
        other = random_.choice(words)
        new = random_.choice((*_JUNK, data[slice(*other)], data[slice(*other)]))
        if random_.random() < 0.2:
            stop = min(len(data), stop + random_.randrange(40))
        data = data[:start] + new + data[stop:]
        words = [m.span() for m in _TOKEN.finditer(data, 1)] or [(1, 1)]
    return data[:max_size]


def _seeds(samples: Path, targets: list[str]) -> list[bytes]:
    """Return every sample that is small enough behind the number of its target."""
    own = Path(__file__).parents[1] / "tests" / "formats" / "samples"
    seeds = []
    for path in sorted([*own.rglob("*"), *samples.rglob("*")]):
        kind = format_of(path) if path.is_file() else None
        if kind is not None and kind.suffixes and path.stat().st_size < _LARGEST:
            number = targets.index(_file_of(kind.name))
            seeds.append(bytes([number]) + path.read_bytes())
    seeds += [bytes([targets.index(name)]) + data for name, data in _made().items()]
    return seeds


def _made() -> dict[str, bytes]:
    """Return one small file of every other target."""
    study = (
        b'{"version": 1, "images": {"a.png": "a.png"}, "raters": {"r1": {"kind": "human", '
        b'"aliases": ["R 1"], "read": ["a.png"]}}, "files": {"table.csv": {"rater": ""}}, '
        b'"joint_images": [], "region_categories": ["roi"], '
        b'"categories": [{"name": "cell", "synonyms": ["Cell"], "parent": "", "severity": 1}]}'
    )
    geojson = (Path(__file__).parents[1] / "tests/formats/samples/slide.geojson").read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", geojson)
    import gzip

    made = {
        "study.json": study,
        "a.geojson.gz": gzip.compress(geojson),
        "a.geojson.zip": packed.getvalue(),
    }
    return made | _made_slides()


def _made_slides() -> dict[str, bytes]:
    y, x = np.mgrid[:200, :300]
    rgb = np.dstack([x % 251, y % 241, (x + y) % 239]).astype(np.uint8)
    size = "300x200"
    text = f"Aperio Image Library v12\r\n{size} [0,0 {size}] (128x128)|AppMag = 40|MPP = 0.25"
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        options = {"photometric": "rgb", "compression": "jpeg", "tile": (128, 128)}
        with tifffile.TiffWriter(place / "slide.svs") as writer:
            writer.write(rgb, description=text, metadata=None, **options)
            writer.write(np.ascontiguousarray(rgb[::4, ::4]), description=text, metadata=None)
        metadata = {"axes": "CYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
        with tifffile.TiffWriter(place / "slide.ome.tif", ome=True) as writer:
            planes = np.moveaxis(rgb, -1, 0)
            tiled = {"photometric": "minisblack", "tile": (64, 64), "compression": "zlib"}
            writer.write(planes, subifds=1, metadata=metadata, **tiled)
            writer.write(np.ascontiguousarray(planes[:, ::2, ::2]), subfiletype=1, **tiled)
        tifffile.imwrite(place / "slide.tif", rgb, rowsperstrip=20, compression="lzw")
        shutil.copy(place / "slide.tif", place / "slide.ndpi")
        Image.fromarray(rgb).save(place / "slide.png")
        Image.fromarray(rgb).save(place / "slide.jpg")
        for name in _SLIDES:
            made[name] = (place / name).read_bytes()
    return made


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
