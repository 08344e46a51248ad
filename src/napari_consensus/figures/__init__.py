"""Figures for papers and docks: one figure a file, drawn by matplotlib without a window."""
