"""The C stubs of a module whose kernels work on another memory than Python's: what an array holds is copied there
before a call, and what the kernel wrote back after.

Owns: the text of those stubs; inplace/far.h has their functions. The module's `link` takes table indices: of the
kernels in the order of their header, then of who gives room there, copies there and copies back.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from generate import C_RESULT, MAKE_RESULT, MARK, link_stub, module_c  # beside this file, also in a build hook
from headers import Kernel


def far_c(kernels: list[Kernel], module: str) -> str:
    """METH_FASTCALL stubs and the module of that name."""
    count = len(kernels) + 3
    lines = [f"/* {MARK} */", '#include "convert.h"', "", f"static uint32_t linked[{count}];",
             f"#define LW_FAR_LINKS (linked + {len(kernels)})", '#include "far.h"', ""]
    for number, kernel in enumerate(kernels):
        lines += _stub(kernel, number)
    return "\n".join([*lines, *link_stub(count), *module_c(kernels, module)])


def _stub(kernel: Kernel, slot: int) -> list[str]:
    lines = [f"static PyObject *stub_{kernel.name}(PyObject *self, PyObject *const *args, Py_ssize_t count) {{",
             "    (void)self, (void)args;",
             f'    if (!lw_has_count("{kernel.name}", count, {len(kernel.arguments)})) return NULL;',
             f'    if (!lw_is_linked("{kernel.name}", linked[{slot}])) return NULL;']
    far = [number for number, argument in enumerate(kernel.arguments) if argument.kind in ("in", "out")]
    lines += [f"    lw_far far[{max(len(far), 1)}];"]
    types, values = [], []
    for number, argument in enumerate(kernel.arguments):
        if number in far:
            flags = "PyBUF_SIMPLE" if argument.kind == "in" else "PyBUF_WRITABLE"
            place = far.index(number)
            lines += [f"    if (!lw_to_far(args[{number}], &far[{place}], {flags})) return NULL;"]
            types, values = [*types, "uint32_t"], [*values, f"far[{place}].there"]
        else:
            lines += [f"    {argument.c_type} a{number};",
                      f"    if (!lw_to_{argument.kind}(args[{number}], &a{number})) return NULL;"]
            types, values = [*types, argument.c_type], [*values, f"a{number}"]
    lines += [f"    if (!lw_far_send(far, {len(far)})) return NULL;"]
    call = (f"(({C_RESULT[kernel.result]} (*)({', '.join(types) or 'void'}))(uintptr_t)linked[{slot}])"
            f"({', '.join(values)})")
    lines += [f"    {call};" if kernel.result == "void" else f"    {C_RESULT[kernel.result]} result = {call};"]
    written = [place for place, number in enumerate(far) if kernel.arguments[number].kind == "out"]
    lines += [f"    lw_far_take(&far[{place}]);" for place in written]
    result = "&_Py_NoneStruct" if kernel.result == "void" else f"{MAKE_RESULT[kernel.result]}(result)"
    return [*lines, f"    return {result};", "}", ""]
