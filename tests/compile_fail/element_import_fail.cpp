// SPDX-License-Identifier: Apache-2.0
// element_import_fail.cpp: an import, and a new array, of what no tensor holds.
// expect-error: warpx::array: the element type is bool, an (unsigned) integer of 8 to 64 bits
#include <warpx/warpx.hpp>

auto run(DLManagedTensorVersioned* m) { return warpx::from_dlpack<char, 1>(m); }
auto make() { return warpx::zeros<long double>({3, 4}); }
