"""The island demo on a GPU: frame times of a flight, and pictures. See __main__.py."""
