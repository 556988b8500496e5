"""The server: one Starlette application that serves a program, its world and the page."""
