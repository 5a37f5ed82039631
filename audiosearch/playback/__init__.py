"""Recordings as browsers play them: whole, or a stretch."""
