"""Plants near the camera. Owns: what grows where one stands. Does not: woods seen from afar (programs spawn those)."""
