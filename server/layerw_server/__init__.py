"""layerw on the developer's machine: command line, server, baking, the Pyodide runtime.

CPython only; nothing in here travels to the browser, and the engine (`layerw`) never imports it.
"""

__version__ = "0.1.0"
