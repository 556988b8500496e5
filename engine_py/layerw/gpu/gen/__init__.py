"""Generated from gpu/spec.py by `python -m layerw.gpu.codegen`; see its docstring."""
