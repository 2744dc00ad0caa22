/* What the core uses of string.h, for `make size-cortex-m` on a machine without a C library for the processor. */
#ifndef FREESTANDING_STRING_H
#define FREESTANDING_STRING_H

#include <stddef.h>

int memcmp(const void *one, const void *other, size_t len);
void *memcpy(void *restrict into, const void *restrict from, size_t len);
void *memset(void *into, int byte, size_t len);
size_t strlen(const char *text);
char *strpbrk(const char *text, const char *any);

#endif
