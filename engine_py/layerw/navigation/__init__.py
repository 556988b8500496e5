"""Navigation: where one can walk, the ways there, and crowds that take them: `app.navigation`."""
