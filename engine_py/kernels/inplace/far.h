/* Arrays of functions that work on another memory than Python's: for the stubs that far.py writes, which say where
 * LW_FAR_LINKS are: the table indices of who gives room there, copies there and copies back. */
#ifndef LW_FAR_H
#define LW_FAR_H

#include "convert.h"

enum { LW_FAR_ALIGNMENT = 16 };

typedef struct { void *here; uint32_t there, size_bytes; } lw_far;

static inline bool lw_to_far(PyObject *value, lw_far *out, int buffer_flags) {
    *out = (lw_far){0};
    if (value == &_Py_NoneStruct) return true;
    Py_buffer view;
    if (PyObject_GetBuffer(value, &view, buffer_flags) != 0) return false;
    out->here = view.buf, out->size_bytes = (uint32_t)view.len;
    PyBuffer_Release(&view);
    return true;
}

/* Places the arrays behind each other, and copies what they hold. */
static inline bool lw_far_send(lw_far *far, uint32_t count) {
    uint32_t needed = 0;
    for (uint32_t i = 0; i < count; i++) needed += (far[i].size_bytes + 2 * LW_FAR_ALIGNMENT - 1) & ~(LW_FAR_ALIGNMENT - 1u);
    if (needed == 0) return true;
    uint32_t at = ((uint32_t (*)(uint32_t))(uintptr_t)LW_FAR_LINKS[0])(needed);
    if (at == 0) {
        PyErr_Format(PyExc_RuntimeError, "A call was given %d bytes; a kernel's memory has no room for as many: ask in parts.",
                     (int)needed);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!far[i].here) continue;
        far[i].there = at;
        ((uint32_t (*)(uint32_t, const void *, uint32_t))(uintptr_t)LW_FAR_LINKS[1])(at, far[i].here, far[i].size_bytes);
        at += (far[i].size_bytes + 2 * LW_FAR_ALIGNMENT - 1) & ~(LW_FAR_ALIGNMENT - 1u);
    }
    return true;
}

static inline void lw_far_take(const lw_far *far) {
    if (far->here)
        ((uint32_t (*)(void *, uint32_t, uint32_t))(uintptr_t)LW_FAR_LINKS[2])(far->here, far->there, far->size_bytes);
}

#endif
