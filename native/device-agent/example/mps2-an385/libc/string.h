/* What the agent and Mbed TLS use of string.h, for a processor without a C library; start.c has the functions. */
#ifndef FREESTANDING_STRING_H
#define FREESTANDING_STRING_H

#include <stddef.h>

int memcmp(const void *one, const void *other, size_t len);
void *memcpy(void *restrict into, const void *restrict from, size_t len);
void *memmove(void *into, const void *from, size_t len);
void *memset(void *into, int byte, size_t len);
int strcmp(const char *one, const char *other);
size_t strlen(const char *text);
char *strpbrk(const char *text, const char *any);

#endif
