// SPDX-License-Identifier: Apache-2.0
// typestr_fuzz.cpp: arbitrary type strings, dtypes and array-interface fields.
#include <warpx/interop/array_interface.hpp>

#include "fuzz_input.hpp"

using namespace warpx;

namespace {

/// What a type string names, by a table: kinds with their sizes. No dtype where it must be refused.
bool names(const std::string& text, dtype& type) {
    if (text.size() < 3 || text.size() > 11 || std::string("<>|=").find(text[0]) == std::string::npos)
        return false;
    if (text.find_first_not_of("0123456789", 2) != std::string::npos) return false;
    const long size = std::strtol(text.c_str() + 2, nullptr, 10);
    if (size <= 0 || (text[0] == '>' && size > 1)) return false;
    struct row {
        char kind;
        dtype_code code;
        long sizes[4];
    };
    const row rows[] = {{'b', dtype_code::bool_, {1}},
                        {'i', dtype_code::int_, {1, 2, 4, 8}},
                        {'u', dtype_code::uint, {1, 2, 4, 8}},
                        {'f', dtype_code::float_, {2, 4, 8}},
                        {'c', dtype_code::complex, {8, 16}}};
    for (const row& r : rows)
        for (const long legal : r.sizes)
            if (text[1] == r.kind && legal == size) {
                type = {r.code, static_cast<uint8_t>(8 * size), 1};
                return true;
            }
    if (text[1] != 'V' || size > 65535) return false;
    type = {dtype_code::opaque, 8, static_cast<uint16_t>(size)};
    return true;
}

void check_text(const std::string& text) {
    dtype expected;
    const bool legal = names(text.c_str(), expected); // up to its zero
    try {
        const dtype got = parse_typestr(text.c_str());
        fuzz::require(legal && got == expected, "read as the table says", text.c_str());
        const typestr again = to_typestr(got);
        fuzz::require(parse_typestr(again.text) == got, "reads back", again.text);
    } catch (const bind_error& error) {
        fuzz::require(!legal, "what the table names is read", text.c_str());
        fuzz::require(std::string(error.what()).find(": expected ") != std::string::npos, "a message",
                      text.c_str());
    }
}

void check_dtype(dtype type) {
    try {
        const typestr written = to_typestr(type);
        const dtype back = parse_typestr(written.text);
        const bool raw = type == dtype{dtype_code::bfloat, 16, 1} && back == opaque_dtype(2);
        fuzz::require(back == type || raw, "what is written is read back", written.text);
    } catch (const bind_error& error) {
        fuzz::require(std::string(error.what()).find("; got ") != std::string::npos, "a message",
                      error.what());
    }
    fuzz::require(!to_string(type).empty(), "a name", "");
}

void check_fields(fuzz::input& in, const std::string& text) {
    int64_t shape[4], strides[4];
    for (int k = 0; k < 4; ++k) {
        shape[k] = in.number();
        strides[k] = in.number();
    }
    array_interface fields;
    fields.data = reinterpret_cast<void*>(in.flip() ? uintptr_t{0x7f0000000000} : uintptr_t{0});
    fields.read_only = in.flip();
    fields.typestr = in.flip() ? "<f4" : text.c_str();
    fields.rank = in.choose(5);
    fields.shape = in.flip() ? shape : nullptr;
    fields.strides = in.flip() ? strides : nullptr;
    fields.version = in.choose(5);
    fields.has_mask = in.choose(8) == 0;
    fields.has_stream = in.flip();
    fields.stream = in.choose(3);
    fields.device = in.flip() ? device_kind::cuda : device_kind::host;
    try {
        const auto a = from_array_interface<const float, 2, device::any>(fields);
        fuzz::require(
            fields.rank == 2 && fields.shape && !fields.has_mask &&
                (fields.version == 3 || (fields.version == 2 && fields.device == device_kind::cuda)) &&
                !(fields.has_stream && fields.stream == 0),
            "the protocol's rules", text.c_str());
        const auto out = to_array_interface(a);
        fuzz::require(out.fields().rank == 2 && out.fields().shape[0] == shape[0], "written as it was read",
                      "");
    } catch (const bind_error& error) {
        fuzz::require(error.what()[0] != 0, "a message", "");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    fuzz::input in(data, size);
    const int part = in.choose(3);
    if (part == 1) {
        check_dtype({in.take<dtype_code>(), in.take<uint8_t>(), in.take<uint16_t>()});
        return 0;
    }
    std::string text;
    const size_t length = part == 0 ? size : in.take<uint8_t>() % 8;
    while (text.size() < length && !in.done()) text += in.take<char>();
    if (part == 0)
        check_text(text);
    else
        check_fields(in, text);
    return 0;
}
