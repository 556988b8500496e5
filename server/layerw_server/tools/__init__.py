"""What the command line does beside serving: pictures of a program, and a static site of it."""
