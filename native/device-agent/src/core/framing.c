#include "framing.h"

#include <string.h>

#include "crc16.h"

enum { START_1 = 0x06, START_2 = 0x09, MORE_1 = 0x04, MORE_2 = 0x14, LINE_RAW = 93 /* 124 base64 digits */, LENGTH_LEN = 2, CRC_LEN = 2 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

void bma_receiver_init(struct bma_receiver *receiver, size_t capacity)
{
    memset(receiver, 0, sizeof *receiver);
    receiver->capacity = (uint32_t)(capacity < BMA_PACKET_MAX ? capacity : BMA_PACKET_MAX);
}

static void begin(struct bma_receiver *r)
{
    r->have = 0;
    r->sextets = 0;
    r->digits = 0;
    r->pads = 0;
    r->started = true;
    r->in_line = true;
}

static void give_up(struct bma_receiver *r)
{
    r->started = false;
    r->in_line = false;
}

static uint32_t wanted(const struct bma_receiver *r)
{
    return LENGTH_LEN + ((uint32_t)r->packet[0] << 8 | r->packet[1]);
}

static bool put(struct bma_receiver *r, uint8_t byte)
{
    if (r->have >= r->capacity + LENGTH_LEN + CRC_LEN)
        return false;
    r->packet[r->have++] = byte;
    return r->have < LENGTH_LEN || (wanted(r) <= r->capacity + LENGTH_LEN + CRC_LEN && r->have <= wanted(r));
}

/* One base64 digit; false when the stream cannot become a packet any more. */
static bool take_digit(struct bma_receiver *r, uint8_t c)
{
    if (c == '=') {
        r->pads++;
    } else {
        int value = digit_value(c);
        if (value < 0 || r->pads > 0)
            return false;
        r->sextets = r->sextets << 6 | (uint32_t)value;
    }
    if (r->pads > 2)
        return false;
    if (++r->digits < 4)
        return true;
    const uint8_t pads = r->pads;
    const uint32_t group = r->sextets << (6 * pads);
    r->digits = 0;
    r->sextets = 0;
    return put(r, (uint8_t)(group >> 16)) && (pads > 1 || put(r, (uint8_t)(group >> 8))) && (pads > 0 || put(r, (uint8_t)group));
}

static bool line_end(struct bma_receiver *r, struct bma_span *packet)
{
    r->in_line = false;
    if (r->have < LENGTH_LEN || r->have < wanted(r))
        return false; /* more lines to come */
    r->started = false;
    uint32_t total = wanted(r) - LENGTH_LEN;
    if (total < CRC_LEN || bma_crc16(0, r->packet + LENGTH_LEN, total) != 0)
        return false; /* the CRC of a packet followed by its CRC is 0 */
    packet->data = r->packet + LENGTH_LEN;
    packet->len = total - CRC_LEN;
    return true;
}

bool bma_receiver_take(struct bma_receiver *r, uint8_t byte, uint32_t now_ms, struct bma_span *packet)
{
    if (r->started && now_ms - r->last_ms > BMA_PACKET_TIMEOUT_MS)
        give_up(r);
    uint8_t mark = r->mark;
    r->mark = (byte == START_1 || byte == MORE_1) ? byte : 0;
    if (r->mark != 0) { /* never part of a line: one whose end was lost is left here */
        r->in_line = false;
        return false;
    }
    if (mark == START_1 && byte == START_2) {
        begin(r);
        r->last_ms = now_ms;
        return false;
    }
    if (mark == MORE_1 && byte == MORE_2) {
        r->in_line = r->started;
        r->last_ms = now_ms;
        return false;
    }
    if (!r->in_line)
        return false; /* somebody's log */
    r->last_ms = now_ms;
    if (byte == '\n')
        return line_end(r, packet);
    if (byte != '\r' && !take_digit(r, byte))
        give_up(r);
    return false;
}

/* The bytes of the stream length | packet | crc, addressed by position. */
struct stream {
    const uint8_t *packet;
    size_t len;
    uint16_t crc;
};

static uint8_t stream_at(const struct stream *s, size_t i)
{
    size_t total = s->len + CRC_LEN;
    if (i < LENGTH_LEN)
        return (uint8_t)(i == 0 ? total >> 8 : total);
    i -= LENGTH_LEN;
    if (i < s->len)
        return s->packet[i];
    return (uint8_t)(i == s->len ? s->crc >> 8 : s->crc);
}

void bma_send_packet(const struct bma_uart *uart, const uint8_t *packet, size_t len)
{
    const struct stream s = {packet, len, bma_crc16(0, packet, len)};
    const size_t total = LENGTH_LEN + len + CRC_LEN;
    for (size_t start = 0; start < total; start += LINE_RAW) {
        uint8_t line[127];
        size_t n = 0;
        size_t end = total - start < LINE_RAW ? total : start + LINE_RAW;
        line[n++] = start == 0 ? START_1 : MORE_1;
        line[n++] = start == 0 ? START_2 : MORE_2;
        for (size_t i = start; i < end; i += 3) {
            uint32_t group = 0;
            for (size_t k = 0; k < 3; k++)
                group = group << 8 | (i + k < end ? stream_at(&s, i + k) : 0u);
            line[n++] = (uint8_t)alphabet[group >> 18];
            line[n++] = (uint8_t)alphabet[group >> 12 & 63];
            line[n++] = (uint8_t)(i + 1 < end ? alphabet[group >> 6 & 63] : '=');
            line[n++] = (uint8_t)(i + 2 < end ? alphabet[group & 63] : '=');
        }
        line[n++] = '\n';
        uart->write(uart->user, line, n);
    }
}
