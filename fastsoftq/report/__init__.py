"""Figures and pages made from results; nothing is computed here that is not drawn."""
