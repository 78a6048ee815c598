/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz.h - what every fuzz target defines and needs
 */
#ifndef BERTH_TESTS_FUZZ_H
#define BERTH_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
