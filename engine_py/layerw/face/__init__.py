"""What a program sees of the engine, by subject; app.py makes one class of it."""
