# SPDX-License-Identifier: Apache-2.0
"""warpx: what modules made with WARPX_PYTHON_MODULE need from Python, and what building them needs.

A module calls plain NumPy arrays and tensors without this package. Here are the calls that a framework must see:
gradients, tracing, transformations (warpx._torch, warpx._paddle, warpx._jax), each imported when it is needed.
"""
import contextlib
import importlib.abc
import importlib.util
import sys
import warnings

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
    for name, (attach, _) in _late.items():
        if name in sys.modules:
            _attach(attach, module, name)
    if not all(name in sys.modules for name in _late) and not any(isinstance(f, _Waiter) for f in sys.meta_path):
        sys.meta_path.insert(0, _Waiter())


def _attach(attach, module, name):
    """A package that we do not understand must not keep itself or the module from being imported."""
    try:
        attach(module)
    except Exception as why:
        version = getattr(sys.modules.get(name.split(".")[0]), "__version__", "?")
        warnings.warn(f"warpx: expected a version of {name} that it knows; got {version} ({type(why).__name__}: {why}); "
                      f"{module.__name__} takes its plain arrays, but gradients and tracing do not work", RuntimeWarning,
                      stacklevel=2)


def _attach_torch(module):
    """Makes the module's functions known to PyTorch."""
    from . import _torch
    for operation in module.__warpx_operations__.values():
        _torch.attach(operation)


def _attach_dynamo(module):
    """Makes the module's functions known to torch.compile."""
    from . import _torch
    for operation in module.__warpx_operations__.values():
        _torch.attach_dynamo(operation)


def _dispatch(module, name, args, kwargs):
    """A call that a framework must see, or whose arguments the module does not know."""
    operation = module.__warpx_operations__[name]
    if not kwargs and operation.quick is not None:
        result = operation.quick(args)
        if result is not NotImplemented:
            return result
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


# What is done with every module once a package is imported, and whether it was. torch._dynamo is imported by the first
# torch.compile or torch.export: it takes seconds, so not by us.
_late = {"torch": (_attach_torch, []), "torch._dynamo": (_attach_dynamo, [])}


class _Waiter(importlib.abc.MetaPathFinder):
    """Sees the imports of the packages in `_late`."""

    def find_spec(self, name, path, target=None):
        if name not in _late or _late[name][1]:
            return None
        attach, seen = _late[name]
        seen.append(True)  # also keeps the search below from coming back here
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            seen.clear()
            return None
        execute = spec.loader.exec_module

        def exec_module(module):
            try:
                execute(module)
            except BaseException:
                seen.clear()  # it may be tried again
                raise
            for known in _modules:
                _attach(attach, known, name)

        spec.loader.exec_module = exec_module
        return spec


@contextlib.contextmanager
def checked(on=True):
    """Within it, every operation compares each access with the extents of its array, slowly; an access outside
    raises IndexError, which names kernel, argument and index."""
    before = [(module, module._set_checked(on)) for module in _modules]
    try:
        yield
    finally:
        for module, former in before:
            module._set_checked(former)
