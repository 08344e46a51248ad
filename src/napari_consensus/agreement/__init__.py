"""Agreement of raters: counts first, then numbers."""
