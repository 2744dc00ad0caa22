/* What the emulated board asks of the computer that emulates it (Arm, Semihosting for AArch32 and AArch64). */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The last word of the command line; empty when there is none, or it is too long. */
void semihosting_last_word(char *into, size_t capacity);

/** From the computer's own generator: a real board uses its hardware's. */
bool semihosting_random(uint8_t *into, size_t len);

#endif
