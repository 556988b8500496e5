"""`python -m layerw_server` is the same as `layerw`."""

from .cli import main

if __name__ == "__main__":
    main()
