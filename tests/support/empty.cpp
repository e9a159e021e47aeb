// SPDX-License-Identifier: Apache-2.0
// empty.cpp: the source of the target whose precompiled header all test programs share.
