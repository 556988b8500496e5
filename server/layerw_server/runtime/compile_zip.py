"""Runs inside of Pyodide (CPython 3.14): compiles the .py members of a zip, into a stored zip.

x.pyc takes x.py's place, unchecked; `beside=True` keeps x.py as well, for tracebacks: what imports from the zip takes
x.pyc first. A file that doesn't compile is kept as it is: whoever imports it sees the error. Imports
nothing of layerw.
"""

import ast
import importlib.util
import marshal
import warnings
import zipfile
from collections.abc import Callable

Parse = Callable[[bytes, str], ast.Module]
STAMP = (1980, 1, 1, 0, 0, 0)

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
KEEPS_DOCSTRINGS = ("pyodide/", "_pyodide/", "numpy/")  # which read their own: numpy.ma fails without


def stripped(parse: Parse) -> Parse:
    """As `parse`, less the docstrings: a quarter of what a page would fetch."""
    def parsed(source: bytes, path: str) -> ast.Module:
        tree = parse(source, path)
        if not any(f"/{folder}" in path for folder in KEEPS_DOCSTRINGS):
            for node in ast.walk(tree):
                if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
                    node.body[:1] = [] if len(node.body) > 1 else [ast.copy_location(ast.Pass(), node.body[0])]
        return tree
    return parsed


def pyc_bytes(source: bytes, path: str, parse: Parse) -> bytes:
    """The .pyc of a source: magic, flags (1 = hash-based; 2 would check it), source hash, code. PEP 552."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(parse(source, path), path, "exec", dont_inherit=True)
    return (importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
            + importlib.util.source_hash(source) + marshal.dumps(code))


def compile_zip(source_path: str, target_path: str, root: str, beside: bool, parse: Parse = ast.parse) -> None:
    """Write the stored zip; `root` is where it or its content will lie in the browser's Pyodide (tracebacks); `parse`
    makes what is compiled out of a source and its path."""
    with zipfile.ZipFile(source_path) as source, zipfile.ZipFile(target_path, "w", zipfile.ZIP_STORED) as target:
        def put(name: str, content: bytes) -> None:
            target.writestr(zipfile.ZipInfo(name, STAMP), content)

        for info in source.infolist():
            if info.is_dir():
                continue
            content, name = source.read(info), info.filename
            try:
                pyc = pyc_bytes(content, f"{root}/{name}", parse) if name.endswith(".py") else None
            except (SyntaxError, ValueError):
                pyc = None
            if pyc is None or beside:
                put(name, content)
            if pyc is not None:
                put(name + "c", pyc)
