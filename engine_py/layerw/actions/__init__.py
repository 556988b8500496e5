"""Input as actions: what a program wants to know ("jump"), bound to keys, pads and touches that can be changed."""
