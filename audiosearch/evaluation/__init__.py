"""Measures how good the answers are, on recordings whose labels are known."""
