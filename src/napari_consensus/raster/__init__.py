"""Pixels: runs of label images and of outlines, and outlines along the edges of pixels."""
