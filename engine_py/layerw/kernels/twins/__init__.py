"""The kernels again, in numpy: CPython's path, and the oracle that the compiled ones must equal bit for bit.

Owns: nothing. Each function has the name, the arguments and the contract of its C header. Only + - * / sqrt and
comparisons, in the order that the header states: no np.sum, no matrix products, no maximum of NaN.
"""
