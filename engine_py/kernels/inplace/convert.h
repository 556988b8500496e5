/* Python values to C arguments, for the generated stubs. Each returns false with a Python exception set.
 *
 * An address is an int, None (0), or any object with a C-contiguous buffer (a numpy array, bytes): its memory is read
 * or written during the call only, while the caller holds the object. */
#ifndef LW_CONVERT_H
#define LW_CONVERT_H

#include "python_api.h"

static inline bool lw_is_int(PyObject *value) {
    return (PyType_GetFlags(value->ob_type) & Py_TPFLAGS_LONG_SUBCLASS) != 0;
}

static inline bool lw_to_u32(PyObject *value, uint32_t *out) {
    *out = (uint32_t)PyLong_AsUnsignedLong(value);
    return *out != 0xFFFFFFFFu || !PyErr_Occurred();
}

static inline bool lw_to_u64(PyObject *value, uint64_t *out) {
    *out = PyLong_AsUnsignedLongLong(value);
    return *out != ~0ull || !PyErr_Occurred();
}

static inline bool lw_to_i32(PyObject *value, int32_t *out) {
    *out = (int32_t)PyLong_AsLong(value);
    return *out != -1 || !PyErr_Occurred();
}

static inline bool lw_to_f64(PyObject *value, double *out) {
    *out = PyFloat_AsDouble(value);
    return *out != -1.0 || !PyErr_Occurred();
}

static inline bool lw_to_f32(PyObject *value, float *out) {
    double wide;
    bool good = lw_to_f64(value, &wide);
    *out = (float)wide;
    return good;
}

static inline bool lw_to_address(PyObject *value, void **out, int buffer_flags) {
    if (lw_is_int(value)) {
        uint32_t address;
        bool good = lw_to_u32(value, &address);
        *out = (void *)(uintptr_t)address;
        return good;
    }
    *out = NULL;
    if (value == &_Py_NoneStruct) return true;
    Py_buffer view;
    if (PyObject_GetBuffer(value, &view, buffer_flags) != 0) return false;
    *out = view.buf;
    PyBuffer_Release(&view);
    return true;
}

static inline bool lw_has_count(const char *name, Py_ssize_t given, Py_ssize_t wanted) {
    if (given == wanted) return true;
    PyErr_Format(PyExc_TypeError, "%s takes %d arguments, but %d were given.", name, (int)wanted, (int)given);
    return false;
}

static inline bool lw_is_linked(const char *name, uint32_t table_index) {
    if (table_index != 0) return true;
    PyErr_Format(PyExc_RuntimeError, "%s needs Layer memory, which is not linked; call link() first.", name);
    return false;
}

#endif
