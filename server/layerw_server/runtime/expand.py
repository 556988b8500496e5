"""Runs inside of Pyodide: writes out what @dataclass, NamedTuple and Protocol would make at import, so that a page
pays for it once, when the engine is compiled. Making the engine's 120 such classes is half of importing it.

Owns: dataclasses, with frozen, slots and eq alone, whose base is none or another one of the module; named tuples;
fields with a default or a default_factory; protocols, which are plain classes there; annotations, which are left out.
A class of another kind stays as it is, and so do all dataclasses of a module that asks dataclasses for more (fields(),
replace(), ...).
Limits: x.__dataclass_fields__ and typing.get_type_hints() have nothing to say of these classes.
"""

import ast

SUPPORT = "layerw.base.expanded"
UNSET, NAMED, GETTER = "_UNSET", "_Named", "_getter"
OPTIONS = {"frozen", "slots", "eq"}
NO_VALUE = ast.Constant(None)
Fields = dict[str, tuple[str, ast.expr]]  # by name: ("", NO_VALUE), ("default", value), ("factory", function)


def expand(source: bytes, path: str) -> ast.Module:
    """The module's tree, written out."""
    tree = ast.parse(source, path)
    names, written = _imported(tree), dict[str, Fields]()
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            _expand_class(node, names, written)
    _drop_annotations(tree)
    at = _first_statement(tree)
    support = f"from {SUPPORT} import UNSET as {UNSET}, Named as {NAMED}, getter as {GETTER}"
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & {UNSET, NAMED, GETTER}
    if used:
        tree.body[at:at] = _placed(ast.parse(support).body, tree.body[at])
    return tree


def _imported(tree: ast.Module) -> set[str]:
    """Which of the names that are looked for are the standard library's."""
    found: dict[str, set[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            found.setdefault(str(node.module), set()).update(alias.asname or alias.name for alias in node.names)
    dataclasses = found.get("dataclasses", set())
    return (dataclasses if dataclasses <= {"dataclass", "field"} else set()) | (
        found.get("typing", set()) & {"NamedTuple", "Protocol"})


def _first_statement(tree: ast.Module) -> int:
    """Behind the docstring and the imports from __future__."""
    for at, node in enumerate(tree.body):
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        docstring = at == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not (future or docstring):
            return at
    return len(tree.body)


def _placed(nodes: list[ast.stmt], place: ast.AST) -> list[ast.stmt]:
    """Tracebacks show the class's line for what is written out."""
    for node in nodes:
        for part in ast.walk(node):
            if "lineno" in part._attributes:
                ast.copy_location(part, place)
    return nodes


def _name(name: str, place: ast.AST) -> ast.Name:
    return ast.copy_location(ast.Name(name, ast.Load()), place)


def _expand_class(node: ast.ClassDef, names: set[str], written: dict[str, Fields]) -> None:
    """`written`: the fields of dataclasses that came before."""
    bases = [ast.unparse(base) for base in node.bases]
    if "Protocol" in bases and "Protocol" in names and not node.decorator_list:
        node.bases = [base for base, text in zip(node.bases, bases, strict=True) if text != "Protocol"]
        return
    fields = _fields(node, names)
    if fields is None or node.keywords:
        return
    if bases == ["NamedTuple"] and "NamedTuple" in names and not node.decorator_list:
        node.bases = [_name(NAMED, node)]
        _write(node, fields, _named_text(fields))
    elif (not bases or bases[0] in written) and bases[1:] == [] and (options := _options(node, names)) is not None:
        del node.decorator_list[-1]
        everything = written[node.name] = (written[bases[0]] if bases else {}) | fields
        _write(node, everything, _dataclass_text(node, everything, list(fields), options))


def _options(node: ast.ClassDef, names: set[str]) -> dict[str, bool] | None:
    """What its innermost decorator, @dataclass, was given; None where it is another one, or given something else."""
    if not node.decorator_list or "dataclass" not in names:
        return None
    decorator = node.decorator_list[-1]
    if ast.unparse(decorator) == "dataclass":
        return {}
    if not isinstance(decorator, ast.Call) or ast.unparse(decorator.func) != "dataclass" or decorator.args:
        return None
    given = {str(word.arg): bool(word.value.value) for word in decorator.keywords
             if isinstance(word.value, ast.Constant)}
    return given if len(given) == len(decorator.keywords) and set(given) <= OPTIONS else None


def _fields(node: ast.ClassDef, names: set[str]) -> Fields | None:
    """None where one is of a kind that is not written out."""
    found: Fields = {}
    for part in node.body:
        if not isinstance(part, ast.AnnAssign):
            continue
        if not isinstance(part.target, ast.Name) or "ClassVar" in ast.unparse(part.annotation):
            return None
        value = part.value
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "field":
            if "field" not in names or value.args or [word.arg for word in value.keywords] != ["default_factory"]:
                return None
            found[part.target.id] = ("factory", value.keywords[0].value)
        else:
            found[part.target.id] = ("", NO_VALUE) if value is None else ("default", value)
    return found


def _write(node: ast.ClassDef, fields: Fields, text: str) -> None:
    """The methods of `text` in place of the fields; what the class defines itself wins."""
    own = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
    kept = [part for part in node.body if not isinstance(part, ast.AnnAssign)]
    made = [part for part in _placed(ast.parse(text).body, node)
            if not (isinstance(part, ast.FunctionDef) and part.name in own)]
    for part in made:
        if isinstance(part, ast.FunctionDef) and part.name in ("__init__", "__new__"):
            part.args.defaults = [_name(UNSET, node) if kind == "factory" else value
                                  for kind, value in fields.values() if kind]
            for call in ast.walk(part):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in fields:
                    call.func = fields[call.func.id][1]  # the factory, called by its field's name in the text
    has_docstring = kept and isinstance(kept[0], ast.Expr) and isinstance(kept[0].value, ast.Constant)
    node.body = [*kept[:1], *made, *kept[1:]] if has_docstring else [*made, *kept]


def _tuple(parts: list[str]) -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _named_text(fields: Fields) -> str:
    names = list(fields)
    getters = [f"{name} = {GETTER}({at}, 'Alias for field number {at}')" for at, name in enumerate(names)]
    return "\n".join([
        "__slots__ = ()",
        f"_fields = __match_args__ = {_tuple([repr(name) for name in names])}",
        f"def __new__(_cls, {', '.join(names)}):",
        f"    return tuple.__new__(_cls, {_tuple(names)})", *getters])


def _dataclass_text(node: ast.ClassDef, fields: Fields, own: list[str], options: dict[str, bool]) -> str:
    """`own`: those of `fields` that the base does not have."""
    names = list(fields)
    frozen, eq = options.get("frozen", False), options.get("eq", True)
    lines = [f"__slots__ = {_tuple([repr(name) for name in own])}"] if options.get("slots", False) else []
    lines += [f"__match_args__ = {_tuple([repr(name) for name in names])}",
              f"def __init__({', '.join(['self', *names])}):",
              "    _set = object.__setattr__" if frozen else "    pass"]
    for name, (kind, _) in fields.items():
        value = f"{name}() if {name} is {UNSET} else {name}" if kind == "factory" else name
        lines.append(f"    _set(self, {name!r}, {value})" if frozen else f"    self.{name} = {value}")
    if any(isinstance(part, ast.FunctionDef) and part.name == "__post_init__" for part in node.body):
        lines.append("    self.__post_init__()")
    shown = ", ".join(f"{name}={{self.{name}!r}}" for name in names)
    lines += ["def __repr__(self):", f"    return f\"{{self.__class__.__qualname__}}({shown})\""]
    if eq:
        mine, other = (_tuple([f"{who}.{name}" for name in names]) for who in ("self", "other"))
        lines += ["def __eq__(self, other):", "    if other.__class__ is not self.__class__:",
                  "        return NotImplemented", f"    return {mine} == {other}"]
        lines += ["def __hash__(self):", f"    return hash({mine})"] if frozen else ["__hash__ = None"]
    if frozen:
        for signature, word in (("__setattr__(self, name, value)", "assign to"), ("__delattr__(self, name)", "delete")):
            lines += [f"def {signature}:", "    from dataclasses import FrozenInstanceError",
                      f"    raise FrozenInstanceError(f\"cannot {word} field {{name!r}}\")"]
    return "\n".join(lines)


def _drop_annotations(tree: ast.Module) -> None:
    """Of functions; and numpy.typing, which only they and names for types use, gives way to a few empty names."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    for at, node in enumerate(tree.body):
        if isinstance(node, ast.Import) and ast.unparse(node) == "import numpy.typing as npt":
            tree.body[at:at + 1] = _placed(ast.parse(f"from {SUPPORT} import npt").body, node)
