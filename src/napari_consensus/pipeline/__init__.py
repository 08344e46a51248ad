"""The one road from annotations to agreement, consensus and evaluation."""

from napari_consensus.pipeline.comparison import Agreement, agreement, raters_per_object
from napari_consensus.pipeline.merging import reach_consensus
from napari_consensus.pipeline.scoring import evaluate

__all__ = ["Agreement", "agreement", "evaluate", "raters_per_object", "reach_consensus"]
