// SPDX-License-Identifier: Apache-2.0
// compiles.cpp: for the proof that the harness can fail: nothing is wrong here.
// expect-error: something
int main() {}
