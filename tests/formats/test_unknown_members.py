"""Whatever another program put beside a mark comes back in a file of the same format."""

from __future__ import annotations

import json
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_consensus.formats import read, write

SQUARE = [[1, 2], [8, 2], [8, 5], [1, 5], [1, 2]]
names = st.from_regex(r"zz[a-z]{1,6}", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=6)
values = st.recursive(
    st.booleans() | st.integers(-(2**50), 2**50) | st.floats(-1e6, 1e6) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=2),
    max_leaves=5,
)


def geojson(members):
    geometry = {"type": "Polygon", "coordinates": [SQUARE], **members}
    properties = {"classification": {"name": "c"}, **members}
    feature = {"type": "Feature", "geometry": geometry, "properties": properties, **members}
    return {"type": "FeatureCollection", "features": [feature]}


def coco(members):
    return {
        "images": [{"id": 7, "file_name": "a.png", "width": 30, "height": 20, **members}],
        "categories": [{"id": 3, "name": "c", **members}],
        "annotations": [{"id": 5, "image_id": 7, "category_id": 3, "bbox": [1, 2, 7, 3],
                         "attributes": dict(members), **members}],
        **members,
    }  # fmt: skip


def label_studio(members):
    value = {"x": 10, "y": 20, "width": 5, "height": 8, "rotation": 0, "rectanglelabels": ["c"]}
    entry = {"id": "r", "type": "rectanglelabels", "from_name": "l", "to_name": "i",
             "original_width": 30, "original_height": 20, "value": value, **members}  # fmt: skip
    task = {"data": {"image": "a.png"}, "annotations": [{"completed_by": 1, "result": [entry]}]}
    return [task]


def cvat(members):
    said = "".join(f"<attribute name={quoteattr(k)}>{v}</attribute>" for k, v in members.items())
    told = " ".join(f"{k}={quoteattr(v)}" for k, v in members.items())
    box = f'<box label="c" xtl="1" ytl="2" xbr="8" ybr="5" {told}>{said}</box>'
    return f'<annotations><image name="a.png" width="30" height="20">{box}</image></annotations>'


def imagescope(members):
    told = " ".join(f"{k}={quoteattr(v)}" for k, v in members.items())
    vertices = "".join(f'<Vertex X="{x}" Y="{y}" Z="0"/>' for x, y in SQUARE[:-1])
    region = f'<Region Id="1" {told}><Vertices>{vertices}</Vertices></Region>'
    return (
        f'<Annotations><Annotation Name="c"><Regions>{region}</Regions></Annotation></Annotations>'
    )


FORMATS = {
    "geojson": (geojson, ".geojson", values),
    "coco": (coco, ".coco.json", values),
    "label-studio": (label_studio, ".label-studio.json", values),
    "cvat": (cvat, ".cvat.xml", st.from_regex(r"[a-z0-9 é]{0,4}[a-z]", fullmatch=True)),
    "imagescope": (imagescope, ".imagescope.xml", st.from_regex(r"[a-z<&\"]{1,5}", fullmatch=True)),
}


def kept(study):
    """All that no column holds, of marks and of what the file says beside them."""
    table = study.annotations
    marks = [json.loads(table.native[k]) if table.native else {} for k in range(len(table))]
    return marks, {key: json.loads(said or b"{}") for key, said in study.about.items()}


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=20, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(data=st.data())
def test_unknown_members_come_back(tmp_path, name, data):
    make, suffix, drawn = FORMATS[name]
    members = data.draw(st.dictionaries(names, drawn, max_size=3))
    document = make(members)
    path = tmp_path / f"a{suffix}"
    text = document if isinstance(document, str) else json.dumps(document)
    path.write_text(text, encoding="utf-8")
    once = read(path)
    assert len(once.annotations) == 1
    again = read(write(once, tmp_path / f"b{suffix}", overwrite=True)[0])
    marks, about = kept(once)
    assert all(member in json.dumps(marks) for member in members)
    back, about_back = kept(again)
    for before, after in zip(marks, back, strict=True):
        assert before.get(name, {}).items() <= after.get(name, {}).items()
    for key, before in about.items():
        for member in before.get(name, {}).items():
            assert member in about_back[key][name].items()
