#define _POSIX_C_SOURCE 200809L
#include "wire_faults.h"

#include <stdio.h>
#include <string.h>

enum { FRAME_START = 0x06 };

void wire_write_line(void *user, const uint8_t *line, size_t len)
{
    struct unit *unit = user;
    if (line[0] == FRAME_START)
        wire_end_frame(unit);
    if (unit->frame_len + len <= sizeof unit->frame) {
        memcpy(unit->frame + unit->frame_len, line, len);
        unit->frame_len += len;
    }
}

static bool is_nth(uint32_t n, uint32_t count)
{
    return n > 0 && count % n == 0;
}

/* Wanders through the frame from one faulty frame to the next, so that prefix, payload, CRC and line ends all get their turn. */
static size_t place(const struct unit *unit)
{
    return (size_t)unit->frames * 7919u % unit->frame_len;
}

static void damage(struct unit *unit)
{
    const struct faults *f = unit->faults;
    size_t at = place(unit);
    if (is_nth(f->corrupt, unit->frames))
        unit->frame[at] ^= 0x20;
    if (is_nth(f->drop, unit->frames))
        memmove(unit->frame + at, unit->frame + at + 1, --unit->frame_len - at);
    if (is_nth(f->duplicate, unit->frames) && unit->frame_len < sizeof unit->frame) {
        if (unit->frame[at] == '\n') /* a doubled line end harms nobody */
            at--;
        memmove(unit->frame + at + 1, unit->frame + at, unit->frame_len++ - at);
    }
}

void wire_log(struct unit *unit)
{
    char text[96];
    int64_t ms = monotonic_ns() / 1000000;
    int len = snprintf(text, sizeof text, "[%08lld] <inf> sensor: temperature 21.5 C, supply 3301 mV\r\n", (long long)ms);
    link_send(&unit->link, (const uint8_t *)text, (size_t)len);
}

void wire_garbage(struct unit *unit, size_t len)
{
    static uint32_t seed = 1;
    uint8_t part[256];
    while (len > 0) {
        size_t n = len < sizeof part ? len : sizeof part;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            part[i] = (uint8_t)(seed >> 24);
        }
        link_send(&unit->link, part, n);
        len -= n;
    }
}

static void send_with_noise(struct unit *unit)
{
    static const char unfinished[] = "<dbg> radio: rssi -71 "; /* the frame follows on the same line */
    wire_log(unit);
    link_send(&unit->link, (const uint8_t *)unfinished, sizeof unfinished - 1);
    for (size_t start = 0; start < unit->frame_len;) {
        const uint8_t *end = memchr(unit->frame + start, '\n', unit->frame_len - start);
        size_t len = end == NULL ? unit->frame_len - start : (size_t)(end - unit->frame) + 1 - start;
        link_send(&unit->link, unit->frame + start, len);
        wire_log(unit);
        start += len;
    }
}

void wire_end_frame(struct unit *unit)
{
    if (unit->frame_len == 0)
        return;
    unit->frames++;
    damage(unit);
    if (unit->faults->noise)
        send_with_noise(unit);
    else
        link_send(&unit->link, unit->frame, unit->frame_len);
    unit->frame_len = 0;
}
