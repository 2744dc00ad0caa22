/* From reset to main, and the few functions of a C library that are used. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

extern uint32_t data_start, data_end, bss_start, bss_end, stack_top;
extern const uint32_t data_load;

int main(void);
void tick(void);

void reset(void)
{
    const uint32_t *from = &data_load;
    for (uint32_t *into = &data_start; into < &data_end;)
        *into++ = *from++;
    for (uint32_t *into = &bss_start; into < &bss_end;)
        *into++ = 0;
    main();
    for (;;)
        ;
}

static void stop(void)
{
    for (;;)
        ;
}

/* Mbed TLS's memory is damaged: nothing is answered any more. */
_Noreturn void exit(int status)
{
    (void)status;
    for (;;)
        ;
}

/* ARMv7-M: the stack, reset, the faults, and at 15 the tick of SysTick. */
__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void)) & stack_top, reset, stop, stop, stop, stop, stop, NULL, NULL, NULL, NULL, stop, stop, NULL, stop, tick};

int memcmp(const void *one, const void *other, size_t len)
{
    const uint8_t *a = one, *b = other;
    for (; len > 0; len--, a++, b++)
        if (*a != *b)
            return *a - *b;
    return 0;
}

void *memcpy(void *restrict into, const void *restrict from, size_t len)
{
    return memmove(into, from, len);
}

void *memmove(void *into, const void *from, size_t len)
{
    uint8_t *to = into;
    const uint8_t *source = from;
    if (to <= source)
        while (len-- > 0)
            *to++ = *source++;
    else
        while (len-- > 0)
            to[len] = source[len];
    return into;
}

void *memset(void *into, int byte, size_t len)
{
    for (uint8_t *to = into; len > 0; len--)
        *to++ = (uint8_t)byte;
    return into;
}

int strcmp(const char *one, const char *other)
{
    while (*one != 0 && *one == *other)
        one++, other++;
    return (uint8_t)*one - (uint8_t)*other;
}

size_t strlen(const char *text)
{
    size_t len = 0;
    while (text[len] != 0)
        len++;
    return len;
}

char *strpbrk(const char *text, const char *any)
{
    for (; *text != 0; text++)
        for (const char *one = any; *one != 0; one++)
            if (*text == *one)
                return (char *)text;
    return NULL;
}

/* What compilers for this processor call instead (Run-time ABI for the Arm Architecture, 4.3.4). */
void __aeabi_memcpy(void *into, const void *from, size_t len)
{
    memmove(into, from, len);
}

void __aeabi_memcpy4(void *into, const void *from, size_t len)
{
    memmove(into, from, len);
}

void __aeabi_memcpy8(void *into, const void *from, size_t len)
{
    memmove(into, from, len);
}

void __aeabi_memmove(void *into, const void *from, size_t len)
{
    memmove(into, from, len);
}

void __aeabi_memclr(void *into, size_t len)
{
    memset(into, 0, len);
}

void __aeabi_memclr4(void *into, size_t len)
{
    memset(into, 0, len);
}

void __aeabi_memclr8(void *into, size_t len)
{
    memset(into, 0, len);
}

void __aeabi_memset(void *into, size_t len, int byte)
{
    memset(into, byte, len);
}
