# SPDX-License-Identifier: Apache-2.0
"""warpx: what modules made with WARPX_PYTHON_MODULE need from Python, and what building them needs.

A module calls plain NumPy arrays and tensors without this package. Here are the calls that a framework must see:
gradients, tracing, transformations (warpx._torch, warpx._paddle, warpx._jax), each imported when it is needed.
"""
import contextlib
import importlib.abc
import importlib.util
import sys

from . import _operation, _paths

__version__ = _paths.version()
_FORMAT = 1  # glue_format in include/warpx/interop/python/module.hpp
_modules = []  # of warpx in this process


def _register(module):
    """Called by a module when it is imported."""
    if module.__warpx_format__ != _FORMAT:
        older = "module" if module.__warpx_format__ < _FORMAT else "package"
        remedy = (f"build {module.__name__} again with warpx {__version__}" if older == "module"
                  else f"pip install 'warpx>={module.__warpx_version__}'")
        raise ImportError(f"{module.__name__}: expected format {_FORMAT} of warpx {__version__}; got format "
                          f"{module.__warpx_format__} of warpx {module.__warpx_version__}: the {older} is older; {remedy}")
    module.__warpx_operations__ = {name: _operation.Operation(module, name, record)
                                   for name, record in module.__warpx_operations__.items()}
    _modules.append(module)
    if "torch" in sys.modules:
        _attach_torch(module)
    else:
        _wait_for_torch()


def _attach_torch(module):
    """Makes the module's functions known to torch.compile."""
    from . import _torch
    for operation in module.__warpx_operations__.values():
        _torch.attach(operation)


def _dispatch(module, name, args, kwargs):
    """A call that a framework must see, or whose arguments the module does not know."""
    operation = module.__warpx_operations__[name]
    bound = operation.bind(args, kwargs)
    owners = {type(value).__module__.split(".")[0] for value in bound.arrays_and_values()}
    torch = sys.modules.get("torch")
    if torch is not None and any(isinstance(value, torch.Tensor) for value in bound.arrays_and_values()):
        from . import _torch
        return _torch.call(operation, bound)
    if "paddle" in owners:
        from . import _paddle
        return _paddle.call(operation, bound)
    jax = sys.modules.get("jax")
    if jax is not None and any(isinstance(value, jax.Array) for value in bound.arrays_and_values()):
        from . import _jax
        return _jax.call(operation, bound)
    return operation.raw(*args, **kwargs)


class _TorchWaiter(importlib.abc.MetaPathFinder):
    """Waits for `import torch`, so that functions of modules that were imported before it can be compiled too."""

    def find_spec(self, name, path, target=None):
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            sys.meta_path.insert(0, self)
            return None
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            for known in _modules:
                _attach_torch(known)

        spec.loader.exec_module = exec_module
        return spec


def _wait_for_torch():
    if not any(isinstance(finder, _TorchWaiter) for finder in sys.meta_path):
        sys.meta_path.insert(0, _TorchWaiter())


@contextlib.contextmanager
def checked(on=True):
    """Within it, every operation compares each access with the extents of its array, slowly; an access outside
    raises IndexError, which names kernel, argument and index."""
    for module in _modules:
        module._set_checked(on)
    try:
        yield
    finally:
        for module in _modules:
            module._set_checked(False)
