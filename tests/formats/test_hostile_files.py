"""Whatever a file holds, reading it ends in a study or in one line of complaint."""

from __future__ import annotations

import io
import json
import re
import warnings
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_consensus.cli import main
from napari_consensus.errors import ReadError, TableError
from napari_consensus.formats import FORMATS, ndpa, read, write
from napari_consensus.formats._rows import Rows
from napari_consensus.progress import silent
from napari_consensus.slides.hamamatsu import ScanPosition

IN_FILES = [name for name, f in FORMATS.items() if f.suffixes and f.read]
JSON = ["labelme", "via", "organoid-counter", "vlm", "geojson", "coco", "label-studio"]
XML = ["voc", "labelme-web", "asap", "ndpa", "lidc", "imagescope", "cvat"]
JUNK = (
    "", "nan", "inf", "-1e999", "1e300", "1e9", "-0.0", "9" * 400, "1_0", "null", "true", '""',
    "[]", "{}", "[[[[[[", "{" * 50, "<a>", "&lt;", "]]>", "٣", "\x00", "\ud7ff", "a,b", "'", '"',
)  # fmt: skip
TOKEN = re.compile(r"-?\d+(?:\.\d+)?|\"[^\"\n]*\"|[a-zA-Z]+")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
QUIET = settings(
    max_examples=25, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


def complaint_of(work):
    """Return what a read error says, "" where there is none; no other error is one."""
    try:
        work()
    except ReadError as error:
        return str(error)
    return ""


@pytest.fixture
def readable(samples, tmp_path, picture, monkeypatch):
    """Return what reads bytes as a format, with all beside the file that it needs."""
    glass = ScanPosition(width=400, height=600, mpp=(0.25, 0.5), offset=(1000, -500))
    monkeypatch.setattr(ndpa, "scan_position", lambda path: glass)
    (tmp_path / "glass.ndpi").write_bytes(b"")
    (tmp_path / "a.png").write_bytes(picture(80, 50))

    def read(name, data):
        suffix = "".join(samples[name].suffixes)
        path = tmp_path / (f"glass{suffix}" if name == "ndpa" else f"a{suffix}")
        path.write_bytes(data)
        rows = Rows()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for other in FORMATS.values():
                assert other.recognises(path) in (True, False)
            complaint = complaint_of(lambda: FORMATS[name].read(path, rows, silent))
            complaint += complaint_of(lambda: rows.study(skip_refused=True))
        assert "\n" not in complaint
        assert all("\n" not in r.rule and len(r.rule) < 300 for r in rows.refused)

    return read


@pytest.mark.parametrize("name", IN_FILES)
@QUIET
@given(data=st.data())
def test_a_file_cut_or_overwritten_anywhere_is_read_or_refused(readable, samples, name, data):
    content = samples[name].read_bytes()
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.integers(start, min(start + 40, len(content))))
    readable(name, content[:start])
    readable(name, content[:start] + data.draw(st.binary(max_size=12)) + content[stop:])


@pytest.mark.parametrize("name", [name for name in IN_FILES if name != "label-image"])
@QUIET
@given(data=st.data())
def test_a_file_with_any_words_replaced_is_read_or_refused(readable, samples, name, data):
    text = samples[name].read_text(encoding="utf-8")
    places = [m.span() for m in TOKEN.finditer(text)]
    for _ in range(data.draw(st.integers(1, 4))):
        start, stop = data.draw(st.sampled_from(places))
        text = text[:start] + data.draw(st.sampled_from(JUNK)) + text[stop:]
    readable(name, text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("name", JSON)
@QUIET
@given(data=st.data())
def test_a_document_with_anything_at_any_place_is_read_or_refused(readable, samples, name, data):
    text = samples[name].read_text(encoding="utf-8")
    document = json.loads(text[text.index("[{") : text.rindex("]") + 1] if name == "vlm" else text)
    holder, key, here = None, None, document
    while isinstance(here, dict | list) and here and (holder is None or data.draw(st.booleans())):
        holder = here
        key = data.draw(st.sampled_from(list(here) if isinstance(here, dict) else range(len(here))))
        here = here[key]
    holder[key] = data.draw(VALUES)
    readable(name, json.dumps(document).encode())


@pytest.mark.parametrize("name", JSON)
@pytest.mark.parametrize("depth", [50, 900, 960, 20_000])
def test_deep_json_is_read_or_refused(readable, samples, name, depth):
    text = samples[name].read_text(encoding="utf-8")
    number = re.search(r"(?<=[\[: \"])\d+(?=[,.\]])", text)
    deep = "[" * depth + "]" * depth
    readable(name, (text[: number.start()] + deep + text[number.end() :]).encode())
    readable(name, deep.encode())
    readable(name, ('{"a":' * depth + "1" + "}" * depth).encode())


@pytest.mark.parametrize("name", XML)
def test_xml_that_unfolds_or_nests_without_end_is_refused(readable, samples, name):
    text = samples[name].read_text(encoding="utf-8")
    body = text[text.index("?>") + 2 :] if text.startswith("<?") else text
    bomb = "".join(f"<!ENTITY a{k} '{f'&a{k - 1};' * 10}'>" for k in range(1, 9))
    readable(name, f"<!DOCTYPE x [<!ENTITY a0 'ha'>{bomb}]>{body}".encode())
    readable(name, f"<!DOCTYPE x SYSTEM 'file:///etc/hosts'>{body}".encode())
    root = re.search(r"<(\w+)[^>]*>", body)
    readable(name, (body[: root.end()] + "<object>" * 5000 + body[root.end() :]).encode())


@pytest.mark.parametrize("name", IN_FILES)
def test_bytes_of_other_kinds_are_read_or_refused(readable, samples, name):
    content = samples[name].read_bytes()
    for data in (b"", b"\0", b"\xff\xfe", b"\x1f\x8b\x08", bytes(range(256)), b"PK\x03\x04" * 9):
        readable(name, data)
    for encoding in ("utf-8-sig", "utf-16", "utf-32", "cp037"):
        readable(name, content.decode("utf-8", "ignore").encode(encoding))
    readable(name, content * 3)
    readable(name, content.replace(b"\n", b"\r"))


def test_holes_that_all_overlap_are_refused_before_they_fill_the_memory(put, tmp_path):
    square = [[0, 0], [1000, 0], [1000, 900], [0, 900], [0, 0]]
    hole = [[1, 1], [2, 1], [2, 2], [1, 1]]
    document = {"type": "Polygon", "coordinates": [square, *[hole] * 2000]}
    study = read(put(document, "a.geojson"))
    with pytest.raises(TableError, match="pairs of outlines overlap on one image"):
        write(study, tmp_path / "out.geojson")
    assert not (tmp_path / "out.geojson").exists()


def zipped(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


TABLE = (
    b"image,rater,category,xmin,ymin,xmax,ymax\na.png,r1,cell,1,2,30,40\na.png,r2,cell,2,2,9,9\n"
)
FEATURES = b'{"type": "FeatureCollection", "features": ['
HOSTILE = {
    "cut.geojson": FEATURES + b'{"type": "Feature"',
    "deep.geojson": FEATURES + b"[" * 100_000,
    "deep.json": b'{"shapes":' * 50_000,
    "digits.json": b'{"images": [], "annotations": [], "categories": [' + b"9" * 5000 + b"]}",
    "nul.csv": TABLE + b"a.png,r1,\0,1,2,3,4\n",
    "row.csv": TABLE + b"a.png,r1,cell,1,2,1e999,NaN\n",
    "surrogate.csv": TABLE + b"a.png,r\xed\xa0\x80,cell,1,2,3,4\n",
    "latin.csv": TABLE + b"a.png,J\xf6rg,cell,1,2,3,4\n",
    "quote.csv": TABLE + b'a.png,"r1,cell,1,2,3,4\n',
    "two rows.csv": TABLE + b'a.png,"r1\r\n\x1b[31m",cell,9,9,1,1\n',
    "bomb.geojson.zip": zipped(**{"a.geojson": FEATURES + b" " * (1 << 26)}),
    "climbing.geojson.zip": zipped(**{"../../a.geojson": b"{}"}),
    "climbing on windows.geojson.zip": zipped(**{"C:\\a.geojson": b"{}"}),
    "not.geojson.gz": b"\x1f\x8b\x08\x00",
    "entities.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><annotation>&b;</annotation>",
    "outside.xml": b"<!DOCTYPE a SYSTEM '../outside.txt'><Annotations/>",
    "deep.xml": b"<Annotations>" + b"<Annotation>" * 5000,
    "study.json": b'{"version": 1, "images": {"a.png": "../outside.txt"}}',
    "regions/study.json": b'{"version": 1, "regions_file": "/outside.txt"}',
    "files/study.json": b'{"version": 1, "files": {"../../outside.txt": {}}}',
}


def contents(folder):
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@pytest.mark.parametrize("command", ["inspect", "convert"])
@pytest.mark.parametrize("name", HOSTILE)
def test_the_command_line_says_one_line_and_touches_nothing_else(tmp_path, capsys, name, command):
    folder = tmp_path / "above" / "study"
    path = folder / name
    path.parent.mkdir(parents=True)
    path.write_bytes(HOSTILE[name])
    if path.name == "study.json":
        path.with_name("table.csv").write_bytes(TABLE)
    (tmp_path / "outside.txt").write_bytes(TABLE)
    before = contents(tmp_path)
    out = [str(folder / "out.geojson")] if command == "convert" else []
    code = main([command, str(path), *out, "--quiet"])
    said = capsys.readouterr().err
    assert code in (1, 2)
    assert re.fullmatch(r"napari-consensus: [^\n]{1,1000}\n", said)
    assert "Traceback" not in said
    assert contents(tmp_path) == before
