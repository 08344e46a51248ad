"""The order of review: what to look at first, and how soon that pays."""

from napari_consensus.queueing.batch import Batch, draw_batch
from napari_consensus.queueing.filters import ReviewFilter, chosen
from napari_consensus.queueing.findings import findings_of
from napari_consensus.queueing.order import Queue, review_queue
from napari_consensus.queueing.patterns import Patterns, patterns_of
from napari_consensus.queueing.repeats import draw_repeats
from napari_consensus.queueing.risk import Findings, Risk, risk_of
from napari_consensus.queueing.simulation import SimulatedReview, simulate_review

__all__ = [
    "Batch",
    "Findings",
    "Patterns",
    "Queue",
    "ReviewFilter",
    "Risk",
    "SimulatedReview",
    "chosen",
    "draw_batch",
    "draw_repeats",
    "findings_of",
    "patterns_of",
    "review_queue",
    "risk_of",
    "simulate_review",
]
