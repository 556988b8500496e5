"""What may be evaluated again while the program runs: values made of constants and of nothing that acts.

Owns: the list of calls that only calculate. Does not: evaluate.
"""

from __future__ import annotations

import ast

CALCULATE = frozenset(("abs", "bool", "bytes", "dict", "divmod", "float", "frozenset", "int", "len", "list", "max",
                       "min", "pow", "range", "round", "set", "sorted", "str", "sum", "tuple", "zip", "enumerate"))
MODULES = frozenset(("math", "np", "numpy", "cmath", "colorsys", "statistics", "fractions", "decimal"))
ACT = frozenset(("random", "load", "save", "savez", "fromfile", "loadtxt", "genfromtxt", "memmap"))  # of numpy
PLAIN = (ast.Constant, ast.Name, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.BinOp, ast.UnaryOp, ast.BoolOp,
         ast.Compare, ast.IfExp, ast.Subscript, ast.Slice, ast.Attribute, ast.JoinedStr, ast.FormattedValue,
         ast.Starred, ast.Lambda, ast.ListComp, ast.DictComp, ast.SetComp, ast.comprehension, ast.keyword,
         ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)


def is_pure(node: ast.expr | None) -> bool:
    """Whether evaluating it does nothing but give a value."""
    if node is None:
        return True
    if isinstance(node, ast.Lambda):
        return is_pure_all([*node.args.defaults, *(one for one in node.args.kw_defaults if one)])
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr) and not is_pure(child):
            return False
        if isinstance(child, (ast.comprehension, ast.keyword)) and not all(
                is_pure(one) for one in ast.iter_child_nodes(child) if isinstance(one, ast.expr)):
            return False
    return _calculates(node.func) if isinstance(node, ast.Call) else isinstance(node, PLAIN)


def is_pure_all(nodes: list[ast.expr]) -> bool:
    """Of each."""
    return all(is_pure(node) for node in nodes)


def _calculates(call: ast.expr) -> bool:
    path: list[str] = []
    while isinstance(call, ast.Attribute):
        path.append(call.attr)
        call = call.value
    if not isinstance(call, ast.Name):
        return False
    return call.id in MODULES and not ACT & set(path) if path else call.id in CALCULATE
