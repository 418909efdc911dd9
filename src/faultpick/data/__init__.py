"""Labelled cubes, as training sees them."""
