"""Decisions of experts over a consensus: logged for good, undone by more of them, replayed."""

from napari_consensus.adjudication.binding import Evidence
from napari_consensus.adjudication.checks import (
    ANSWERS,
    AuditResult,
    Consistency,
    audit_result,
    consistency,
    to_be_checked,
)
from napari_consensus.adjudication.data_card import data_card
from napari_consensus.adjudication.decision import (
    Action,
    Check,
    Decision,
    Judged,
    Shape,
    box,
    shape_of,
)
from napari_consensus.adjudication.export import export_log
from napari_consensus.adjudication.file import SUFFIX, check_is_there, size_of
from napari_consensus.adjudication.gold import gold_standard
from napari_consensus.adjudication.history import History, made_ids
from napari_consensus.adjudication.lock import CannotLockError, NotClosedError
from napari_consensus.adjudication.log import DecisionLog
from napari_consensus.adjudication.mirror import Mirror, open_log, read_log
from napari_consensus.adjudication.recipe import recipe_of
from napari_consensus.adjudication.rescue import Rescue, Rescued, rescued
from napari_consensus.adjudication.review import Review
from napari_consensus.adjudication.signing import check_is_new, count_verdicts, freeze, versions_of
from napari_consensus.adjudication.standing import SETTLED, Affected, Verdict
from napari_consensus.adjudication.work import (
    AdjudicatorPair,
    ReviewProgress,
    Work,
    compare_adjudicators,
    progress_of,
    work_of,
)

__all__ = [
    "ANSWERS",
    "SETTLED",
    "SUFFIX",
    "Action",
    "AdjudicatorPair",
    "Affected",
    "AuditResult",
    "CannotLockError",
    "Check",
    "Consistency",
    "Decision",
    "DecisionLog",
    "Evidence",
    "History",
    "Judged",
    "Mirror",
    "NotClosedError",
    "Rescue",
    "Rescued",
    "Review",
    "ReviewProgress",
    "Shape",
    "Verdict",
    "Work",
    "audit_result",
    "box",
    "check_is_new",
    "check_is_there",
    "compare_adjudicators",
    "consistency",
    "count_verdicts",
    "data_card",
    "export_log",
    "freeze",
    "gold_standard",
    "made_ids",
    "open_log",
    "progress_of",
    "read_log",
    "recipe_of",
    "rescued",
    "shape_of",
    "size_of",
    "to_be_checked",
    "versions_of",
    "work_of",
]
