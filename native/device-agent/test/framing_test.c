#include "crc16.h"
#include "framing.h"
#include "harness.h"

/* Made by an independent implementation (Python's base64 over length, packet and CRC). */
static const uint8_t echo_packet[] = {0x0a, 0, 0, 9, 0, 0, 0x42, 0, 0xa1, 0x61, 0x64, 0x65, 'h', 'e', 'l', 'l', 'o'};
static const char echo_line[] = "\x06\x09" "ABMKAAAJAABCAKFhZGVoZWxsb0YZ\n";
/* The packet 00 01 02 … c7. */
static const char three_lines[] =
    "\x06\x09" "AMoAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFla\n"
    "\x04\x14" "W1xdXl9gYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoOEhYaHiImKi4yNjo+QkZKTlJWWl5iZmpucnZ6foKGio6SlpqeoqaqrrK2ur7CxsrO0tba3\n"
    "\x04\x14" "uLm6u7y9vr/AwcLDxMXGxxWh\n";

static struct bma_receiver receiver;
static uint32_t now;

/* Feeds text; how many packets came out, the last one in `packet`. */
static int feed(const char *text, size_t len, struct bma_span *packet)
{
    int packets = 0;
    for (size_t i = 0; i < len; i++)
        if (bma_receiver_take(&receiver, (uint8_t)text[i], now, packet))
            packets++;
    return packets;
}

static int feed_text(const char *text, struct bma_span *packet)
{
    return feed(text, strlen(text), packet);
}

static bool is_echo(struct bma_span packet)
{
    return packet.len == sizeof echo_packet && memcmp(packet.data, echo_packet, packet.len) == 0;
}

static bool counts_up(struct bma_span packet)
{
    for (size_t i = 0; i < packet.len; i++)
        if (packet.data[i] != i)
            return false;
    return packet.len == 200;
}

static void reads_packets_out_of_text(void)
{
    struct bma_span packet = {NULL, 0};
    bma_receiver_init(&receiver, BMA_PACKET_MAX);
    CHECK_INT(feed_text(echo_line, &packet), 1);
    CHECK(is_echo(packet));
    CHECK_INT(feed_text(three_lines, &packet), 1);
    CHECK(counts_up(packet));
    CHECK_INT(feed_text("boot ok\r\n<inf> log without end: ", &packet), 0);
    CHECK_INT(feed_text(echo_line, &packet), 1);
    char mixed[1024];
    const char *second = strchr(three_lines, '\n') + 1;
    snprintf(mixed, sizeof mixed, "%.*s<dbg> in between, \x06 and \x04 too\r\n<dbg> %s", (int)(second - three_lines), three_lines, second);
    CHECK_INT(feed_text(mixed, &packet), 1);
    CHECK(counts_up(packet));
    CHECK_INT(feed("\x06\x09" "ABMKAAAJAABCAKFhZGVoZWxsb0YZ\r\n", 32, &packet), 1);
}

static void drops_what_is_damaged(void)
{
    struct bma_span packet;
    bma_receiver_init(&receiver, BMA_PACKET_MAX);
    for (size_t at = 0; at + 1 < sizeof echo_line; at++) { /* every byte of the line: changed, lost */
        char line[sizeof echo_line];
        memcpy(line, echo_line, sizeof line);
        line[at] ^= 0x20;
        CHECK_INT(feed_text(line, &packet), 0);
        memmove(line + at, echo_line + at + 1, sizeof line - at - 1);
        CHECK_INT(feed_text(line, &packet), 0);
        CHECK_INT(feed_text("\n", &packet), at + 2 == sizeof echo_line); /* only the line end can come late */
        CHECK_INT(feed_text(echo_line, &packet), 1);                     /* and the next frame is served */
    }
    CHECK_INT(feed_text("\x06\x09" "ABMKAAAJAABCAKFhZGVo\n", &packet), 0); /* its rest never comes */
    CHECK_INT(feed_text(echo_line, &packet), 1);
    CHECK_INT(feed_text("\x06\x09" "AAA=\n\x06\x09\n\x06\x09====\n\x06\x09" "AAE=\n\x04\x14" "AAAA\n", &packet), 0);
    CHECK_INT(feed_text("\x06\x09" "AA==========\n", &packet), 0);  /* found by the fuzzer: padding without end */
    CHECK_INT(feed_text("\x06\x09" "ABMKAAAJAABCAKFhZGVoZWxsb0YZAAAA\n", &packet), 0);              /* more than it announced */
    CHECK_INT(feed_text("\x06\x09" "//8AAAAA\n", &packet), 0); /* 65535 bytes announced */
}

static void gives_up_a_packet_that_stops(void)
{
    struct bma_span packet;
    const char *second = strchr(three_lines, '\n') + 1;
    bma_receiver_init(&receiver, BMA_PACKET_MAX);
    now = UINT32_MAX - 100; /* the clock may wrap */
    CHECK_INT(feed(three_lines, (size_t)(second - three_lines), &packet), 0);
    now += BMA_PACKET_TIMEOUT_MS;
    CHECK_INT(feed_text(second, &packet), 1);
    CHECK_INT(feed(three_lines, (size_t)(second - three_lines), &packet), 0);
    now += BMA_PACKET_TIMEOUT_MS + 1;
    CHECK_INT(feed_text(second, &packet), 0);
}

static void refuses_what_is_too_large(void)
{
    struct bma_span packet;
    bma_receiver_init(&receiver, 199);
    CHECK_INT(feed_text(three_lines, &packet), 0);
    bma_receiver_init(&receiver, 200);
    CHECK_INT(feed_text(three_lines, &packet), 1);
}

static char sent[4096];
static size_t sent_len, longest;

static void keep(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    memcpy(sent + sent_len, data, len);
    sent_len += len;
    if (len > longest)
        longest = len;
}

static void sends_what_the_other_side_expects(void)
{
    const struct bma_uart uart = {NULL, keep};
    uint8_t packet[BMA_PACKET_MAX];
    struct bma_span back;
    for (size_t i = 0; i < sizeof packet; i++)
        packet[i] = (uint8_t)i;
    sent_len = 0;
    bma_send_packet(&uart, echo_packet, sizeof echo_packet);
    CHECK(sent_len == strlen(echo_line) && memcmp(sent, echo_line, sent_len) == 0);
    sent_len = 0;
    bma_send_packet(&uart, packet, 200);
    CHECK(sent_len == strlen(three_lines) && memcmp(sent, three_lines, sent_len) == 0);
    CHECK_INT(longest, 127);
    bma_receiver_init(&receiver, BMA_PACKET_MAX);
    for (size_t len = 1; len <= sizeof packet; len += len < 300 ? 1 : 53) { /* every remainder of 3, every number of lines */
        sent_len = 0;
        bma_send_packet(&uart, packet, len);
        CHECK_INT(feed(sent, sent_len, &back), 1);
        CHECK(back.len == len && memcmp(back.data, packet, len) == 0);
    }
}

void test_framing(void)
{
    CHECK_INT(bma_crc16(0, (const uint8_t *)"123456789", 9), 0x31c3);
    reads_packets_out_of_text();
    drops_what_is_damaged();
    gives_up_a_packet_that_stops();
    refuses_what_is_too_large();
    sends_what_the_other_side_expects();
}
