"""Exporting: results as tidy tables, data frames and files that other programs read."""
