"""Gaussian splats: their files, their order, and what a program holds of them."""
