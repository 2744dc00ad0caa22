/* Mbed TLS includes it; memory comes from its own buffer (MBEDTLS_MEMORY_BUFFER_ALLOC_C). */
#ifndef FREESTANDING_STDLIB_H
#define FREESTANDING_STDLIB_H

#include <stddef.h>

_Noreturn void exit(int status);

#endif
