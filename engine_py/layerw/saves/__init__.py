"""Memory of things: what a program keeps between visits, and saves of its scene."""
