"""Readers of the tables: draw, check, explain, run."""
