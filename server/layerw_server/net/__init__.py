"""Rooms: the same program under CPython, behind a WebSocket; and clients without a page."""
