"""Runs inside of Pyodide (CPython 3.14): compiles the .py members of a zip, into a stored zip.

`beside=False` replaces x.py by x.pyc (unchecked, no source); `beside=True` keeps x.py and adds
__pycache__/x.<tag>.pyc, checked against the source's hash, so that a newer source wins over it. A file that
doesn't compile is kept as it is: whoever imports it sees the error. Imports nothing of layerw.
"""

import importlib.util
import marshal
import warnings
import zipfile

STAMP = (1980, 1, 1, 0, 0, 0)


def pyc_bytes(source: bytes, path: str, *, checked: bool) -> bytes:
    """The .pyc of a source: magic, flags (1 = hash-based, 2 = check it), source hash, code. PEP 552."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(source, path, "exec", dont_inherit=True)
    flags = 0b11 if checked else 0b01
    return (importlib.util.MAGIC_NUMBER + flags.to_bytes(4, "little")
            + importlib.util.source_hash(source) + marshal.dumps(code))


def pyc_name(name: str, tag: str) -> str:
    folder, _, file = name.rpartition("/")
    return f"{folder}/__pycache__/{file[:-3]}.{tag}.pyc".lstrip("/")


def compile_zip(source_path: str, target_path: str, root: str, tag: str, beside: bool) -> None:
    """Write the stored zip; `root` is where it or its content will lie in the browser's Pyodide (tracebacks)."""
    with zipfile.ZipFile(source_path) as source, zipfile.ZipFile(target_path, "w", zipfile.ZIP_STORED) as target:
        def put(name: str, content: bytes) -> None:
            target.writestr(zipfile.ZipInfo(name, STAMP), content)

        for info in source.infolist():
            if info.is_dir():
                continue
            content, name = source.read(info), info.filename
            try:
                pyc = pyc_bytes(content, f"{root}/{name}", checked=beside) if name.endswith(".py") else None
            except (SyntaxError, ValueError):
                pyc = None
            if pyc is None or beside:
                put(name, content)
            if pyc is not None:
                put(pyc_name(name, tag) if beside else name + "c", pyc)
