"""The sources of what a report used, numbered in the order of their first mention."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_consensus.aggregation import Aggregator

SOURCES = {
    "matching": (
        "Kuhn HW. The Hungarian method for the assignment problem. Naval Research Logistics "
        "Quarterly 2 (1955) 83-97."
    ),
    "f1": "van Rijsbergen CJ. Information Retrieval, 2nd ed. Butterworths, 1979.",
    "dsb": (
        "Caicedo JC et al. Nucleus segmentation across imaging experiments: the 2018 Data Science "
        "Bowl. Nature Methods 16 (2019) 1247-1253."
    ),
    "sorted_ap": (
        "Chen L, Wu Y, Stegmaier J, Merhof D. SortedAP: rethinking evaluation metrics for instance "
        "segmentation. ICCV Workshops, 2023."
    ),
    "specific": (
        "Cicchetti DV, Feinstein AR. High agreement but low kappa: II. Resolving the paradoxes. "
        "Journal of Clinical Epidemiology 43 (1990) 551-558."
    ),
    "cohen": (
        "Cohen J. A coefficient of agreement for nominal scales. Educational and Psychological "
        "Measurement 20 (1960) 37-46."
    ),
    "fleiss": (
        "Fleiss JL. Measuring nominal scale agreement among many raters. Psychological Bulletin 76 "
        "(1971) 378-382."
    ),
    "alpha": (
        "Krippendorff K. Content Analysis: An Introduction to Its Methodology, 2nd ed. Sage, 2004, "
        "chapter 11."
    ),
    "ac1": (
        "Gwet KL. Computing inter-rater reliability and its variance in the presence of high "
        "agreement. British Journal of Mathematical and Statistical Psychology 61 (2008) 29-48."
    ),
    "icc": (
        "Shrout PE, Fleiss JL. Intraclass correlations: uses in assessing rater reliability. "
        "Psychological Bulletin 86 (1979) 420-428."
    ),
    "bland": (
        "Bland JM, Altman DG. Measuring agreement in method comparison studies. Statistical "
        "Methods in Medical Research 8 (1999) 135-160."
    ),
    "dice": (
        "Dice LR. Measures of the amount of ecologic association between species. Ecology 26 "
        "(1945) 297-302."
    ),
    "bootstrap": (
        "Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman and Hall, 1993, "
        "chapter 13."
    ),
    "calibration": (
        "Küppers F, Kronenberger J, Shantia A, Haselhoff A. Multivariate confidence calibration "
        "for object detection. CVPR Workshops, 2020."
    ),
    "grouping": (
        "Sokal RR, Michener CD. A statistical method for evaluating systematic relationships. "
        "University of Kansas Science Bulletin 38 (1958) 1409-1438."
    ),
    "exact": (
        "Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the case "
        "of the binomial. Biometrika 26 (1934) 404-413."
    ),
}


class References:
    """Sources that are cited, each with its number.

    Parameters
    ----------
    aggregator
        Whose own source is cited as "method".
    """

    def __init__(self, aggregator: type[Aggregator]) -> None:
        own = source_of(aggregator)
        self._sources = {**SOURCES, **({"method": own} if own else {})}
        self._cited: list[str] = []

    def cite(self, *names: str) -> str:
        """Return the numbers of sources in brackets; nothing for one that has no source."""
        known = [name for name in names if name in self._sources]
        for name in known:
            if name not in self._cited:
                self._cited.append(name)
        numbers = sorted(self._cited.index(name) + 1 for name in known)
        return f" [{', '.join(map(str, numbers))}]" if numbers else ""

    @property
    def entries(self) -> list[str]:
        """All that were cited, in the order of their numbers."""
        return [self._sources[name] for name in self._cited]


def source_of(aggregator: type[Aggregator]) -> str:
    """Return the source that an aggregator names, as it stands in its docstring."""
    said = (aggregator.__doc__ or "").partition("Source:")[2]
    paragraph = said.strip().split("\n\n")[0]
    text = " ".join(paragraph.split())
    return text[:1].upper() + text[1:]
