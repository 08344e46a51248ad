"""Sections of a report, one file for what belongs together."""
