# SPDX-License-Identifier: Apache-2.0
"""Type stubs (.pyi) of a module: its functions' signatures, with types from the descriptions of its operations.

An array is a type variable: results have the type of the arguments, whichever framework's arrays they are.
"""
import importlib
import importlib.machinery
import importlib.util
import inspect
import pathlib
import sys
import textwrap

_HEAD = '''\
# Written by `python -m warpx stubs`. Build the module again instead of editing this.
import collections.abc as _abc
import typing as _t

_Array = _t.TypeVar("_Array")  # of NumPy, PyTorch, CuPy, Numba, JAX or Paddle
_Dims = _t.Union[_t.SupportsIndex, _abc.Sequence[_t.SupportsIndex]]
_Real = _t.Union[_t.SupportsFloat, _t.SupportsIndex]  # a number, or an array without axes
_Complex = _t.Union[_t.SupportsComplex, _t.SupportsFloat, _t.SupportsIndex]

__warpx_version__: str
__warpx_format__: int
__warpx_operations__: dict[str, _t.Any]
'''
_WIDTH = 100


def load(module):
    """A module by the name that imports it, or by its file."""
    path = pathlib.Path(module)
    if not path.is_file():
        if "/" in module:
            raise FileNotFoundError(f"expected a module's name or file; got '{module}', which is not there; build it")
        loaded = importlib.import_module(module)
    else:
        name = path.name.partition(".")[0]
        loader = importlib.machinery.ExtensionFileLoader(name, str(path))
        spec = importlib.util.spec_from_file_location(name, path, loader=loader)
        try:
            loaded = importlib.util.module_from_spec(spec)
        except ImportError as error:
            if f"PyInit_{name}" not in str(error):
                raise
            raise ImportError(f"expected WARPX_PYTHON_MODULE({name}, ...) in the sources of {path.name}; got none of "
                              "that name; give the macro and warpx_add_module the same name") from None
        loader.exec_module(loaded)
    if not hasattr(loaded, "__warpx_operations__"):
        raise TypeError(f"expected a module made with WARPX_PYTHON_MODULE; got {loaded.__name__}, which has no "
                        "operations; give the name of the extension module (package.module) or its file")
    return loaded


def _type_of(parameter, array):
    """What a parameter takes: an array, or what Python converts to each of its dtypes."""
    if parameter.is_array:
        return f"{array} | None" if parameter.optional else array
    if any("complex" in t for t in parameter.types):
        return "_Complex"
    return "_Real" if any("float" in t for t in parameter.types) else "_t.SupportsIndex"


def _default_of(parameter, described):
    """The default as in the signature; what is None there though it must be given, is not said to take None."""
    if parameter.default is parameter.empty:
        return ""
    if parameter.default is None and described is not None and not described.optional:
        return " = ..."
    return f" = {parameter.default!r}"


def _one_or_tuple(types):
    return types[0] if len(types) == 1 else f"tuple[{', '.join(types)}]"


def _quoted(text):
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""{text}"""'


def stub_of(operation):
    """One function. Its names and defaults are those of the signature that it has at run time."""
    described = {p.name: p for p in operation.parameters}
    # A type variable must be known from an argument, and occur twice to say anything.
    uses = sum(p.is_array for p in operation.inputs) + len(operation.results) + len(operation.outputs)
    array = "_Array" if uses > 1 and any(p.is_array for p in operation.inputs) else "_t.Any"
    made = [array] if len(operation.results) == 1 else [f"{array} | None"] * len(operation.results)
    keywords = {"output_dims": "_Dims | dict[str, _Dims] | None", "launch_dims": "_Dims | None", "dtype": "object"}
    if made:
        keywords["out"] = f"{_one_or_tuple(made)} | None"
    arguments = []
    for name, parameter in inspect.signature(operation.function).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in arguments:
            arguments.append("*")
        kind = keywords[name] if name not in described else _type_of(described[name], array)
        arguments.append(f"{name}: {kind}{_default_of(parameter, described.get(name))}")
    result = _one_or_tuple([array] * len(operation.outputs)) if operation.outputs else "None"
    line = f"def {operation.name}({', '.join(arguments)}) -> {result}:"
    if len(line) > _WIDTH:
        lines = "".join(f"    {argument},\n" for argument in arguments)
        line = f"def {operation.name}(\n{lines}) -> {result}:"
    doc = textwrap.indent(_quoted(inspect.getdoc(operation.function) or ""), "    ", lambda text: bool(text.strip()))
    return f"{line}\n{doc}\n    ...\n"


def stubs(module):
    """The text of a module's stubs."""
    functions = [stub_of(operation) for operation in module.__warpx_operations__.values()]
    return "\n".join([_HEAD, *functions])


def write(name, output=None):
    """Writes the stubs of a module, given by name or file, next to it, to `output`, or to standard output ("-")."""
    module = load(name)
    text = stubs(module)
    if output == "-":
        sys.stdout.write(text)
        return
    stem = module.__name__.rpartition(".")[2]
    path = pathlib.Path(output) if output else pathlib.Path(module.__file__).parent / f"{stem}.pyi"
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
