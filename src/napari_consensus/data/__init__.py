"""The tables: annotations, groups, consensus, study."""
