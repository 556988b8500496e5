"""The development server's part of the inspector: an edit of the page, written into the program's source."""
