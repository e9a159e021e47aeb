# SPDX-License-Identifier: Apache-2.0
"""JAX arrays with values: calls outside of transformations. JAX arrays are immutable, so what an operation
overwrites is a copy, which is returned. (Traced calls are refused here.)"""
import jax
import jax.numpy as jnp
import numpy as np


def call(operation, bound):
    for parameter in operation.parameters:
        value = bound.values[parameter.index]
        if value is None:
            continue
        if isinstance(value, jax.core.Tracer):
            raise TypeError(f"{operation.name}(), argument '{parameter.name}': expected an array with values; got a JAX "
                            "tracer (inside jit, grad or vmap); call this outside of the transformation")
        if parameter.is_array and parameter.role != "in" and not isinstance(value, jax.Array):
            raise TypeError(f"{operation.name}(), argument '{parameter.name}': expected a jax.Array, as the others are; "
                            f"got {type(value).__name__}; JAX returns new arrays, so nothing else can be overwritten")
        if parameter.role == "out":
            raise operation.error(TypeError, "no out= with JAX arrays, which are immutable", "out=", "use what it returns")
    devices = {d.platform for v in bound.arrays_and_values() if isinstance(v, jax.Array) for d in v.devices()}
    if devices - {"cpu"}:
        raise operation.error(TypeError, "JAX arrays on the CPU", f"arrays on {', '.join(sorted(devices))}",
                              "jax.device_put(x, jax.devices('cpu')[0]), or pass them as CuPy arrays")
    keywords = {}
    for parameter in operation.inputs:
        value = bound.values[parameter.index]
        if isinstance(value, jax.Array):
            host = np.asarray(value)  # shares the memory
            value = host.copy() if parameter.role == "inout" else host
        if value is not None:
            keywords[parameter.name] = value
    for name in ("output_dims", "launch_dims", "dtype"):
        if getattr(bound, name) is not None:
            keywords[name] = getattr(bound, name)
    results = operation.raw(**keywords)
    return tuple(map(jnp.asarray, results)) if isinstance(results, tuple) else jnp.asarray(results)
