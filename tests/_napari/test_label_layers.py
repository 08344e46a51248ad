"""Instance masks: Labels layers and folders of label images as raters, in the same docks."""

from __future__ import annotations

import json

import numpy as np
import pytest
from napari.layers import Image, Labels
from tifffile import imread, imwrite
from typer.testing import CliRunner

from napari_consensus import pipeline
from napari_consensus._napari import window
from napari_consensus._napari.label_layers import LayerMarks, marks_of, study_of_layers
from napari_consensus.cli.app import app
from napari_consensus.data.annotations import Outline
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ReadError
from napari_consensus.figures.colours import STATUS

HEIGHT, WIDTH = 60, 90


def cells(shift=0, without=(), seed_rows=2):
    """Label image of squares of 14 pixels in rows of four, moved to the right."""
    image = np.zeros((HEIGHT, WIDTH), np.uint16)
    for k in range(4 * seed_rows):
        if k not in without:
            y, x = 4 + 28 * (k // 4), 4 + 20 * (k % 4) + shift
            image[y : y + 14, x : x + 14] = k + 1
    return image


HUMANS = {"Ada": cells(), "Bo": cells(2, without=(3,)), "Cy": cells(1, without=(3, 6))}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("masks")
    for rater, image in HUMANS.items():
        (folder / rater).mkdir()
        imwrite(folder / rater / "patch.tif", image, compression="zlib")
    return folder


@pytest.fixture
def opened(desk, folder):
    """Open the folder as a person does, and take what was found."""
    store = desk.store
    if store.prepared is None or store.image_name != "patch":
        dock = window.raise_dock(desk.viewer, "Study")
        dock.open_path(folder)
        desk.until(lambda: store.looking or store.prepared is not None)
        if store.looking:
            dock.found.use()
        desk.until(lambda: store.prepared is not None)
        desk.settle()
    store.set_threshold(0.5)
    return desk


def said_by_command(*paths, iou="0.5"):
    result = CliRunner().invoke(app, ["agreement", *map(str, paths), "--iou", iou, "--json", "-q"])
    return json.loads(result.stdout) if result.exit_code == 0 else pytest.fail(result.output)


@pytest.mark.screen
def test_the_agreement_dock_counts_as_the_command_does(opened, folder):
    dock = window.raise_dock(opened.viewer, "Agreement")
    files = [folder / rater / "patch.tif" for rater in ("Ada", "Bo")]
    for iou, counts in (("0.5", (7, 1, 0)), ("0.8", (0, 8, 7))):
        opened.store.set_threshold(float(iou))
        opened.until(lambda iou=iou: dock.shown and dock.shown.minimum_iou == float(iou))
        (said,) = said_by_command(*files, iou=iou)["pairs"]
        (pair,) = (p for p in dock.shown.pairs if (p.a, p.b) == ("Ada", "Bo"))
        assert (pair.matched, pair.only_a, pair.only_b) == counts
        for name in ("matched", "only_a", "only_b", "mean_iou", "f1"):
            number = getattr(pair, name)
            assert said[name] == (None if np.isnan(number) else number)


@pytest.mark.screen
def test_matched_and_unmatched_masks_are_outlines_in_their_colours(opened):
    opened.store.show_pair((0, 1))
    opened.settle()
    assert opened.store.objects.status.tolist().count(0) == 7
    assert opened.store.objects.status.tolist().count(1) == 1
    layer = opened.dock.scene.own.get("matches")
    drawn = {tuple(round(float(v), 2) for v in c[:3]) for c in layer.colormap.colors}
    wanted = [tuple(round(int(c[k : k + 2], 16) / 255, 2) for k in (1, 3, 5)) for c in STATUS[:2]]
    assert set(wanted) <= drawn


@pytest.mark.screen
@pytest.mark.parametrize("fusion", ["majority", "staple"])
def test_consensus_masks_are_saved_as_a_label_image(opened, tmp_path, fusion):
    dock = window.raise_dock(opened.viewer, "Consensus")
    opened.settle()
    dock.form.fusion.setCurrentText(fusion)
    before = len(opened.store.runs)
    dock.run_button.click()
    opened.until(lambda: len(opened.store.runs) > before)
    consensus = opened.store.runs[-1].consensus
    assert (consensus.shapes.kind == Outline.MASK).all()
    export = window.raise_dock(opened.viewer, "Export")
    opened.settle()
    export.format.setCurrentIndex(export.format.findData("label-image"))
    export.path.setText(str(tmp_path / "consensus.tif"))
    export.export_button.click()
    opened.until(lambda: "consensus.tif" in export.done.text())
    image = imread(tmp_path / "consensus.tif")
    assert image.shape == (HEIGHT, WIDTH)
    assert len(np.unique(image)) == 1 + 8
    votes = sum(HUMANS[rater][4:18, 4:20] > 0 for rater in HUMANS)
    if fusion == "majority":
        assert ((image[4:18, 4:20] > 0) == (votes >= 2)).all()


@pytest.mark.screen
def test_labels_layers_become_raters_as_the_form_says(desk):
    viewer = desk.viewer
    viewer.layers.insert(0, Image(np.zeros((HEIGHT, WIDTH, 3), np.uint8), name="tissue"))
    # Labels under the names of the raters, and a model.
    drawn = {"Ada": HUMANS["Ada"], "Bo": HUMANS["Bo"], "net": HUMANS["Cy"]}
    layers = [viewer.add_labels(image, name=f"seg {name}") for name, image in drawn.items()]
    dock = window.raise_dock(viewer, "Study")
    dock.layers.ask()
    form = dock.layers.form
    assert [form.table.item(k, 0).text() for k in range(3)] == ["seg Ada", "seg Bo", "seg net"]
    for row, name in enumerate(drawn):
        form.table.item(row, 1).setText(name)
    form.table.cellWidget(2, 2).setCurrentText("model")
    form.image.setCurrentText("tissue")
    form.buttons.button(form.buttons.StandardButton.Ok).click()
    desk.until(lambda: desk.store.image_name == "tissue")
    desk.settle()
    raters = desk.store.prepared.annotations.raters
    assert raters.names == ("Ada", "Bo", "net")
    assert raters.kinds == (RaterKind.HUMAN, RaterKind.HUMAN, RaterKind.MODEL)
    assert desk.store.prepared.study.image_sizes == {"tissue": (WIDTH, HEIGHT)}
    assert not any(layer.visible for layer in layers)
    assert layers[0] in viewer.layers
    order = [layer.name for layer in viewer.layers]
    assert order.index("tissue") < order.index("Ada")
    agreement = window.raise_dock(viewer, "Agreement")
    desk.until(lambda: [p.matched for p in agreement.shown.pairs] == [7, 6, 6])
    counted = pipeline.agreement(desk.store.prepared.study.annotations)
    assert [p.matched for p in counted.pairs] == [7, 6, 6]


@pytest.mark.screen
def test_without_layers_the_form_says_so_and_goes_no_further(desk):
    dock = window.raise_dock(desk.viewer, "Study")
    for layer in [x for x in desk.viewer.layers if isinstance(x, Labels)]:
        desk.viewer.layers.remove(layer)
    dock.layers.ask()
    form = dock.layers.form
    assert not form.buttons.button(form.buttons.StandardButton.Ok).isEnabled()
    assert form.table.rowCount() == 0
    form.reject()


def marks(rater, image, kind=RaterKind.HUMAN):
    return LayerMarks(f"layer of {rater}", rater, kind, image)


def test_a_study_of_layers_holds_the_pixels_of_each():
    study = study_of_layers([marks("A", cells()), marks("B", cells(2, without=(0,)))], "p")
    table = study.annotations
    assert np.bincount(table.rater).tolist() == [8, 7]
    assert table.raters.read.all()
    assert table.bounds[0].tolist() == [4, 4, 18, 18]
    # Two squares of 14 x 14, two pixels apart: 12 / 16 in common.
    assert pipeline.agreement(table).mean_iou == pytest.approx(12 / 16)
    assert study.image_sizes == {"p": (WIDTH, HEIGHT)}


def test_who_has_an_empty_layer_has_looked():
    study = study_of_layers([marks("A", cells()), marks("B", np.zeros((HEIGHT, WIDTH), int))], "p")
    assert pipeline.agreement(study.annotations).f1_micro == 0
    assert study.annotations.raters.read.tolist() == [[True, True]]


def test_a_reference_is_held_apart():
    truth = marks("gold", cells(), RaterKind.REFERENCE)
    study = study_of_layers([marks("A", cells()), truth], "p")
    assert study.annotations.raters.names == ("A",)
    assert study.reference.raters.names == ("gold",)
    assert pipeline.evaluate(study.annotations, study.reference).f1 == 1


def test_ids_stay_while_pixels_do():
    first, again = (study_of_layers([marks("A", cells())], "p").annotations.id for _ in range(2))
    assert first.tolist() == again.tolist()
    both = study_of_layers([marks("A", cells()), marks("B", cells())], "p").annotations.id
    assert len(set(both.tolist())) == 16


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([marks("A", cells()), marks("B", cells()[:50])], "one size"),
        ([marks("A", cells()), marks("A", cells(1))], "two layers belong to a rater called 'A'"),
        ([marks("A", cells().astype(np.int32) - 1)], "holds the label -1"),
    ],
)
def test_what_cannot_be_compared_is_refused(given, why):
    with pytest.raises(ReadError, match=why):
        study_of_layers(given, "p")


def test_painting_on_does_not_change_what_is_compared():
    layer = Labels(cells())
    held = marks_of(layer, "A", RaterKind.HUMAN)
    layer.data[:] = 0
    assert held.labels.max() == 8
