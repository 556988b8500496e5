"""Any program on a real clock: how evenly its frames come and what they cost."""
