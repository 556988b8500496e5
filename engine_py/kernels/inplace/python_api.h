/* The few functions of CPython's stable ABI that the stubs call, declared by hand: the module is built without
 * Python's headers. Pyodide's own module provides them. Layouts are those of the stable ABI on wasm32.
 * Source: CPython "Stable Application Binary Interface", PEP 384, PEP 688 (buffers are stable since 3.11). */
#ifndef LW_PYTHON_API_H
#define LW_PYTHON_API_H

#include "lw.h"

typedef int32_t Py_ssize_t;
typedef struct PyTypeObject PyTypeObject;
typedef struct PyObject { Py_ssize_t ob_refcnt; PyTypeObject *ob_type; } PyObject;
typedef PyObject *(*PyFastCall)(PyObject *self, PyObject *const *args, Py_ssize_t count);
typedef struct { const char *name; PyFastCall call; int flags; const char *doc; } PyMethodDef;
typedef struct {
    PyObject ob_base; PyObject *(*m_init)(void); Py_ssize_t m_index; PyObject *m_copy;
    const char *m_name, *m_doc; Py_ssize_t m_size; PyMethodDef *m_methods;
    void *m_slots, *m_traverse, *m_clear, *m_free;
} PyModuleDef;
typedef struct {
    void *buf; PyObject *obj; Py_ssize_t len, itemsize; int readonly, ndim;
    char *format; Py_ssize_t *shape, *strides, *suboffsets; void *internal;
} Py_buffer;

enum { METH_FASTCALL = 0x80, PyBUF_SIMPLE = 0, PyBUF_WRITABLE = 1, PYTHON_API_VERSION = 1013 };
#define Py_TPFLAGS_LONG_SUBCLASS (1ul << 24)

extern PyObject _Py_NoneStruct;
extern PyObject *PyExc_TypeError, *PyExc_RuntimeError;
PyObject *PyModule_Create2(PyModuleDef *definition, int version);
unsigned long PyType_GetFlags(PyTypeObject *type);
unsigned long PyLong_AsUnsignedLong(PyObject *value);
unsigned long long PyLong_AsUnsignedLongLong(PyObject *value);
long PyLong_AsLong(PyObject *value);
double PyFloat_AsDouble(PyObject *value);
PyObject *PyErr_Occurred(void);
PyObject *PyErr_Format(PyObject *exception, const char *format, ...);
PyObject *PyLong_FromUnsignedLong(unsigned long value);
PyObject *PyLong_FromUnsignedLongLong(unsigned long long value);
PyObject *PyLong_FromLong(long value);
PyObject *PyFloat_FromDouble(double value);
int PyObject_GetBuffer(PyObject *object, Py_buffer *view, int flags);
void PyBuffer_Release(Py_buffer *view);

#endif
