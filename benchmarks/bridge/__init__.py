"""Copies and calls between two memories, in every way that there is."""
