"""Words and widgets: `app.ui`, real HTML above the picture."""
