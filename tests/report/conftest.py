"""A small study that can be counted by hand, and a page taken apart."""

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import napari_consensus as nc
from napari_consensus.data.consensus import Source
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.statements import RaterStatement
from napari_consensus.data.study import Study
from napari_consensus.errors import Refusal
from napari_consensus.report import report
from napari_consensus.report.findings import Settings, find

VOID = {"meta", "img", "br", "col"}


@dataclass
class Element:
    name: str
    attributes: dict
    children: list = field(default_factory=list)

    @property
    def text(self):
        return "".join(c if isinstance(c, str) else c.text for c in self.children)

    def all(self, name):
        for child in self.children:
            if isinstance(child, Element):
                if child.name == name:
                    yield child
                yield from child.all(name)

    def table(self, caption):
        """Rows of the one table with this in its caption, each a list of texts; header first."""
        found = [t for t in self.all("table") if caption in next(t.all("caption")).text]
        assert len(found) == 1, [next(t.all("caption")).text for t in self.all("table")]
        return [
            [c.text.strip() for c in row.children if isinstance(c, Element)]
            for row in found[0].all("tr")
        ]

    def rows(self, caption):
        return {row[0]: row[1:] for row in self.table(caption)}


class Parser(HTMLParser):
    """Refuses what is not nested as it should be."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = Element("root", {})
        self.open = [self.root]

    def handle_starttag(self, name, attributes):
        element = Element(name, dict(attributes))
        assert len(element.attributes) == len(attributes), f"{name} repeats an attribute"
        self.open[-1].children.append(element)
        if name not in VOID:
            self.open.append(element)

    def handle_startendtag(self, name, attributes):
        self.open[-1].children.append(Element(name, dict(attributes)))

    def handle_endtag(self, name):
        assert self.open[-1].name == name, f"</{name}> closes <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].children.append(data)


@pytest.fixture(scope="session")
def parse():
    def parse(text):
        parser = Parser()
        parser.feed(text)
        parser.close()
        assert parser.open == [parser.root], f"<{parser.open[-1].name}> stays open"
        return parser.root

    return parse


def marks(*rows, images=None):
    """(box, image, rater, category) as annotations; everyone read every image."""
    boxes, image, rater, category = zip(*rows, strict=True)
    names = len(set(image)), len(set(rater))
    return nc.annotations_from_boxes(
        boxes, image=image, rater=rater, category=category, read=np.ones(names, np.bool_)
    )


def as_reference(annotations, like):
    """Annotations of one rater as the reference of others, by their images and categories."""
    image = [like.images.index(name) for name in annotations.images]
    category = [like.categories.index(name) for name in annotations.categories]
    read = np.ones((len(like.images), 1), np.bool_)
    return replace(
        annotations,
        images=like.images,
        categories=like.categories,
        raters=replace(annotations.raters, kinds=(RaterKind.REFERENCE,), read=read),
        image=np.array(image)[annotations.image],
        category=np.array([*category, -1])[annotations.category],
    )


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Four objects: two that both marked (IoU .8 and 1), one of Anna alone, one of Bert alone.

    Whatever can hold a name holds one.
    """
    drawn = marks(
        ((0, 0, 100, 100), "S23-10001 HE", "Anna Miller", "HSIL"),
        ((0, 0, 100, 80), "S23-10001 HE", "Bert", "HSIL"),
        ((200, 200, 300, 300), "S23-10001 HE", "Anna Miller", "HSIL"),
        ((0, 0, 100, 100), "S23-10002 HE", "Anna Miller", "LSIL"),
        ((0, 0, 100, 100), "S23-10002 HE", "Bert", "HSIL"),
        ((500, 500, 600, 600), "S23-10002 HE", "Bert", "LSIL"),
    )
    truth = marks(
        ((0, 0, 100, 98), "S23-10001 HE", "Carla", "HSIL"),
        ((0, 0, 100, 98), "S23-10002 HE", "Carla", "LSIL"),
        ((700, 700, 800, 800), "S23-10002 HE", "Carla", "LSIL"),
    )
    said = RaterStatement(
        qualification="cytotechnologist, pupil of Anna Miller",
        years=12,
        role="read S23-10001 HE first, see /data/mueller/slides/S23-10001.svs",
        declared_by="Dr. Kowalski",
        other={"basis": "a panel with Carla and Anna Miller on MRN 00123456", "room": "K-17"},
    )
    drawn = replace(drawn, raters=replace(drawn.raters, statements={"Anna Miller": said}))
    truth = as_reference(truth, drawn)
    truth = replace(truth, raters=replace(truth.raters, statements={"Carla": said}))
    folder = tmp_path_factory.mktemp("kowalski")
    return Study(
        drawn,
        truth,
        image_files={name: _slide(folder / f"{name}.png") for name in drawn.images},
        image_sizes=dict.fromkeys(drawn.images, (700, 640)),
        sources=(Source("/home/kowalski/Miller S23-10001.csv", "csv", "ab" * 32, 1234),),
        notes=("Miller S23-10001.csv: one file names no rater; guessed: Anna Miller",),
        refused=(Refusal("Miller S23-10001.csv", 7, "category", "Kowalski", "must be known"),),
        about={("csv", "image", "S23-10001 HE"): b"Kowalski"},
    )


def _slide(path):
    """Pixels of two colours, in a file that says whose they are."""
    pixels = np.full((640, 700, 3), (230, 200, 220), np.uint8)
    pixels[::7, ::5] = (90, 40, 120)
    said = PngInfo()
    said.add_text("Comment", "Kowalski S23-10001")
    Image.fromarray(pixels).save(path, pnginfo=said)
    return path


@pytest.fixture(scope="session")
def text(study, tmp_path_factory):
    """The page of that study, names hidden."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    report(study, path, replicates=60)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def page(text, parse):
    return parse(text)


@pytest.fixture(scope="session")
def findings():
    """Compute what a page tells, without drawing it."""

    def findings(study, clusters=None, **settings):
        settings = Settings(**{"replicates": 5, "hardest": 2, **settings})
        return find(study, study.reference, settings, clusters or {})

    return findings


@pytest.fixture(scope="session")
def build():
    """Make studies of rows, and references of them."""
    return marks, as_reference
