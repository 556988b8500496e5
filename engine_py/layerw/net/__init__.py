"""Networking: shared components, one authority, clients that show what it says. Data flow one way: schema ->
snapshots -> interest -> packing -> transport. See docs/multiplayer.md and docs/adr/0023."""
