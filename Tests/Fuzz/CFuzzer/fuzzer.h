#ifndef SLUICE_CFUZZER_FUZZER_H
#define SLUICE_CFUZZER_FUZZER_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer as a library: it comes without a header. */
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
