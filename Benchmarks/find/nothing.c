/* SPDX-License-Identifier: Apache-2.0 */
/* What starting any program costs. */
int main(void)
{
	return 0;
}
