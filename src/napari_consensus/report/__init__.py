"""One HTML page on a study: agreement, consensus, what limits them, and how it was done."""

from napari_consensus.report.writing import Report, check_page, report

__all__ = ["Report", "check_page", "report"]
