"""Sound: what is played, where it is heard from, and how loud."""
