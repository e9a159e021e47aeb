// SPDX-License-Identifier: Apache-2.0
// no_expectation.cpp: for the proof that the harness can fail: it does not say what it expects.
int main() { return undeclared_name; }
