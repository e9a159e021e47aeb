// SPDX-License-Identifier: Apache-2.0
// wrong_reason.cpp: for the proof that the harness can fail: the error is not the expected one.
// expect-error: warpx::launch: a sentence that no compiler prints
int main() { return undeclared_name; }
