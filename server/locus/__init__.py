"""Locus: issues into reviewed branches, from inside the editor."""

__version__ = "0.1.0"
