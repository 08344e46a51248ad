"""Crowds whose truth is known: answers to tasks, and boxes on images."""

from napari_consensus.simulation.answers import Effort, SimulatedVotes, answer
from napari_consensus.simulation.boxes import Habits, Scene, SimulatedBoxes, simulate_boxes
from napari_consensus.simulation.crowds import (
    CROWDS,
    CrowdSize,
    discrete_difficulty,
    hammer_spammer,
    independent_confusion,
    student_teacher,
)

__all__ = [
    "CROWDS",
    "CrowdSize",
    "Effort",
    "Habits",
    "Scene",
    "SimulatedBoxes",
    "SimulatedVotes",
    "answer",
    "discrete_difficulty",
    "hammer_spammer",
    "independent_confusion",
    "simulate_boxes",
    "student_teacher",
]
