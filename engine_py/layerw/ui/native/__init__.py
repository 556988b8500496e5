"""`app.ui` drawn by the engine: what web/page/subsystems/ui makes HTML of is laid out and painted here, from the same
patches, and tells the same events."""
