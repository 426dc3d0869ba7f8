// SPDX-License-Identifier: GPL-2.0-only
/* A program that opens nothing, not even a library: see test_counters.c. */

int main(void)
{
	return 42;
}
