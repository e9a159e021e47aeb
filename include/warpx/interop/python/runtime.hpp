// SPDX-License-Identifier: Apache-2.0
// runtime.hpp: what every route between Python and arrays needs: references, pending exceptions, the GIL,
// owners that hold Python objects, and errors that cross the border.
#pragma once

#include <Python.h> // before any standard header, as CPython asks

#include "../../array.hpp"

#include <new>

#if PY_VERSION_HEX < 0x030a0000
#    error "warpx/interop/python.hpp needs CPython 3.10 or newer"
#endif
#if defined(PYPY_VERSION) || defined(Py_GIL_DISABLED)
#    error                                                                                                   \
        "warpx/interop/python.hpp reads object layouts of CPython under its GIL; PyPy and free-threaded Python are not supported yet"
#endif

namespace warpx::python {

/// Which Python exception a refusal becomes.
enum class category : uint8_t {
    type,   ///< TypeError: not an array, or elements of another type
    value,  ///< ValueError: shape, strides, contents
    buffer, ///< BufferError: the memory cannot be shared (read-only, other device, needs a gradient)
};

/// Who an object belongs to.
enum class framework : uint8_t { other, numpy, torch, jax };

/// A Python object that cannot be bound to an array: bind_error with the category of its Python exception.
class WARPX_PUBLIC argument_error : public bind_error {
public:
    argument_error(python::category category, const std::string& text)
        : bind_error(text), category_(category) {}
    python::category category() const noexcept { return category_; }

private:
    python::category category_;
};

/// Thrown when Python code that warpx called has raised and the exception is none of ours to explain (for
/// example KeyboardInterrupt): it is still set, and `python::call` hands it on.
class WARPX_PUBLIC pending_error : public std::exception {
public:
    const char* what() const noexcept override { return "a Python exception is set"; }
};

/// Releases the GIL while it lives; for work that takes longer than about a microsecond. Requires the GIL at
/// construction. Arrays that were borrowed stay valid only if no other thread resizes or frees their objects
/// meanwhile: the caller's references do not prevent `resize_`.
class release_gil {
public:
    release_gil() noexcept : state_(PyEval_SaveThread()) {}
    release_gil(const release_gil&) = delete;
    ~release_gil() { PyEval_RestoreThread(state_); }

private:
    PyThreadState* state_;
};

} // namespace warpx::python

namespace warpx::detail {

/// A description and what must live for it to hold, besides the object itself (often nothing).
struct described_object {
    tensor_desc desc;
    owner_ref keeper;
};

} // namespace warpx::detail

// Hidden, because the state in here (types, tables, offsets) belongs to one module and one warpx version.
namespace warpx::detail {
namespace [[gnu::visibility("hidden")]] py {

/// An owned reference, or null.
class ref {
public:
    ref() noexcept = default;
    explicit ref(PyObject* stolen) noexcept : object_(stolen) {}
    ref(ref&& other) noexcept : object_(other.release()) {}
    ref& operator=(ref&& other) noexcept {
        PyObject* old = object_;
        object_ = other.release();
        Py_XDECREF(old);
        return *this;
    }
    ~ref() { Py_XDECREF(object_); }
    static ref copy(PyObject* borrowed) noexcept {
        Py_XINCREF(borrowed);
        return ref(borrowed);
    }
    PyObject* get() const noexcept { return object_; }
    PyObject* release() noexcept {
        PyObject* mine = object_;
        object_ = nullptr;
        return mine;
    }
    explicit operator bool() const noexcept { return object_ != nullptr; }

private:
    PyObject* object_ = nullptr;
};

/// Puts a pending Python exception aside, and back at the end.
class error_scope {
public:
#if PY_VERSION_HEX >= 0x030c0000
    error_scope() noexcept : value_(PyErr_GetRaisedException()) {}
    ~error_scope() {
        if (value_) PyErr_SetRaisedException(value_);
    }

private:
    PyObject* value_;
#else
    error_scope() noexcept { PyErr_Fetch(&type_, &value_, &trace_); }
    ~error_scope() {
        if (type_) PyErr_Restore(type_, value_, trace_);
    }

private:
    PyObject *type_ = nullptr, *value_ = nullptr, *trace_ = nullptr;
#endif

public:
    error_scope(const error_scope&) = delete;
};

inline bool is_finalizing() noexcept {
#if PY_VERSION_HEX >= 0x030d0000
    return Py_IsFinalizing() != 0;
#else
    return _Py_IsFinalizing() != 0;
#endif
}

/// Holds the GIL, from any thread. `usable()` is false once the interpreter is gone or going: then nothing of
/// Python may be touched, and what it owns is leaked.
class any_thread_gil {
public:
    any_thread_gil() noexcept {
        if (!Py_IsInitialized()) return;
        if (PyGILState_Check()) {
            usable_ = true; // also in the main thread while it finalizes
        } else if (!is_finalizing()) {
            state_ = PyGILState_Ensure();
            usable_ = ensured_ = true;
        }
    }
    any_thread_gil(const any_thread_gil&) = delete;
    ~any_thread_gil() {
        if (ensured_) PyGILState_Release(state_);
    }
    bool usable() const noexcept { return usable_; }

private:
    bool usable_ = false, ensured_ = false;
    PyGILState_STATE state_ = PyGILState_UNLOCKED;
};

/// An owner whose resource belongs to Python: `finish` (a member of Resource) runs with the GIL, on whichever
/// thread drops the array last, and not at all after the interpreter.
template <class Resource> struct python_owner final : owner {
    Resource resource;
    explicit python_owner(Resource r) noexcept : resource(r) {
        destroy = [](owner* self) noexcept {
            const any_thread_gil gil;
            if (!gil.usable()) return;
            const error_scope pending;
            auto* block = static_cast<python_owner*>(self);
            block->resource.finish();
            delete block;
            PyErr_Clear();
        };
    }
    /// Takes over `r`, also when there is no memory for the block.
    static owner_ref take(Resource r, memory_kind memory = memory_kind::plain) {
        auto* block = new (std::nothrow) python_owner(r);
        if (!block) [[unlikely]] {
            r.finish();
            throw std::bad_alloc();
        }
        block->memory = memory;
        return owner_ref(block);
    }
};

struct held_object {
    PyObject* object; // a strong reference
    void finish() noexcept { Py_DECREF(object); }
};
inline owner_ref hold_object(PyObject* borrowed) {
    Py_INCREF(borrowed);
    return python_owner<held_object>::take({borrowed});
}

WARPX_COLD inline std::string utf8(PyObject* text) {
    const char* bytes = text && PyUnicode_Check(text) ? PyUnicode_AsUTF8(text) : nullptr;
    if (!bytes) PyErr_Clear();
    return bytes ? bytes : "?";
}
/// "numpy.ndarray": module and name of an object's type.
WARPX_COLD inline std::string type_text(PyObject* object) {
    PyObject* type = reinterpret_cast<PyObject*>(Py_TYPE(object));
    const ref module(PyObject_GetAttrString(type, "__module__")),
        name(PyObject_GetAttrString(type, "__qualname__"));
    PyErr_Clear();
    const std::string where = utf8(module.get());
    return where == "builtins" || where == "?" ? utf8(name.get()) : where + "." + utf8(name.get());
}

/// "BufferError: text" of the exception that is set, which is cleared. Exceptions that are no answer to our
/// question (KeyboardInterrupt, SystemExit, MemoryError) stay set and leave as pending_error.
WARPX_COLD inline std::string take_error() {
    if (!PyErr_Occurred()) return "no reason given";
    if (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError))
        throw python::pending_error();
#if PY_VERSION_HEX >= 0x030c0000
    const ref value(PyErr_GetRaisedException());
#else
    PyObject *type = nullptr, *raised = nullptr, *trace = nullptr;
    PyErr_Fetch(&type, &raised, &trace);
    PyErr_NormalizeException(&type, &raised, &trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    const ref value(raised);
#endif
    const ref text(PyObject_Str(value.get()));
    PyErr_Clear();
    return std::string(Py_TYPE(value.get())->tp_name) + ": " + utf8(text.get());
}

/// Refuses an object before the gate has seen it.
WARPX_COLD [[noreturn]] inline void refuse_object(python::category category, const char* name,
                                                  const std::string& expected, const std::string& got,
                                                  const std::string& remedy) {
    throw python::argument_error(
        category, sentence(name ? "argument '" + std::string(name) + "'" : "warpx", expected, got, remedy));
}

} // namespace py
} // namespace warpx::detail

namespace warpx::python {

/// Turns the C++ exception being handled into a Python exception with its text; call it in a `catch (...)`.
/// Refused arguments become TypeError, ValueError or BufferError, index_error IndexError, bad_alloc
/// MemoryError, all else RuntimeError. Requires the GIL.
WARPX_COLD inline void set_error() noexcept {
    try {
        throw;
    } catch (const pending_error&) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_SystemError, "warpx: no Python exception was set");
    } catch (const argument_error& e) {
        PyErr_SetString(e.category() == category::type    ? PyExc_TypeError
                        : e.category() == category::value ? PyExc_ValueError
                                                          : PyExc_BufferError,
                        e.what());
    } catch (const index_error& e) {
        PyErr_SetString(PyExc_IndexError, e.what());
    } catch (const std::invalid_argument& e) { // bind_error too
        PyErr_SetString(PyExc_ValueError, e.what());
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
    } catch (const std::exception& e) {
        PyErr_SetString(PyExc_RuntimeError, e.what());
    } catch (...) {
        PyErr_SetString(PyExc_RuntimeError, "an exception that is no std::exception");
    }
}

/// Runs `f()` and returns the object it returns (a new reference); an exception becomes a Python exception
/// and null. Every function that Python calls needs this: an exception must not cross C.
template <class F> PyObject* call(F&& f) noexcept {
    try {
        return f();
    } catch (...) {
        set_error();
        return nullptr;
    }
}

} // namespace warpx::python
