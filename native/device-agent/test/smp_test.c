#include "bench_unit.h"
#include "harness.h"

static struct bench_unit unit;

static bool served(const char *packet, size_t len, const char *answer, size_t answer_len)
{
    uint8_t copy[64];
    memcpy(copy, packet, len);
    size_t n = bma_smp_serve(&unit.agent, copy, len);
    return n == answer_len && memcmp(unit.agent.answer, answer, n) == 0;
}

#define SERVED(packet, answer) CHECK(served(packet, sizeof(packet) - 1, answer, sizeof(answer) - 1))

/* Header: op and version, flags, length, group, sequence, command. */
static void answers_both_versions(void)
{
    SERVED("\x0a\0\0\x05\0\0\x07\0\xa1\x61" "d\x61" "x", "\x0b\0\0\x05\0\0\x07\0\xa1\x61" "r\x61" "x"); /* echo */
    SERVED("\x02\0\0\x05\0\0\x07\0\xa1\x61" "d\x61" "x", "\x03\0\0\x05\0\0\x07\0\xa1\x61" "r\x61" "x");
    SERVED("\x08\0\0\x01\0\0\x09\x06\xa0", "\x09\0\0\x18\0\0\x09\x06\xa2\x68" "buf_size\x19\x08\x00\x69" "buf_count\x01");
    /* Lengths that come at the end: a map, and a text in two pieces. */
    SERVED("\x0a\0\0\x0a\0\0\x07\0\xbf\x61" "d\x7f\x61" "x\x61" "y\xff\xff", "\x0b\0\0\x06\0\0\x07\0\xa1\x61" "r\x62" "xy");
    SERVED("\x08\0\0\0\0\0\x09\x06", "\x09\0\0\x18\0\0\x09\x06\xa2\x68" "buf_size\x19\x08\x00\x69" "buf_count\x01");
}

static void names_errors_in_the_version_of_the_request(void)
{
    SERVED("\x08\0\0\x01\0\0\x01\x63\xa0", "\x09\0\0\x11\0\0\x01\x63\xa1\x63" "err\xa2\x65" "group\0\x62" "rc\x08");
    SERVED("\0\0\0\x01\0\0\x01\x63\xa0", "\x01\0\0\x05\0\0\x01\x63\xa1\x62" "rc\x08");
    SERVED("\x08\0\0\x01\x12\x34\x01\0\xa0", "\x09\0\0\x11\x12\x34\x01\0\xa1\x63" "err\xa2\x65" "group\0\x62" "rc\x08"); /* no such group */
    SERVED("\x08\0\0\x01\0\x40\x01\x63\xa0", "\x09\0\0\x12\0\x40\x01\x63\xa1\x63" "err\xa2\x65" "group\x18\x40\x62" "rc\x0c");
    SERVED("\0\0\0\x01\0\x40\x01\x63\xa0", "\x01\0\0\x05\0\x40\x01\x63\xa1\x62" "rc\x0c");
    SERVED("\x10\0\0\x01\0\0\x01\x06\xa0", "\x09\0\0\x05\0\0\x01\x06\xa1\x62" "rc\x0d");                             /* a later version */
    SERVED("\x08\0\0\x02\0\0\x01\x06\xa0", "\x09\0\0\x11\0\0\x01\x06\xa1\x63" "err\xa2\x65" "group\0\x62" "rc\x03"); /* wrong length */
    SERVED("\x08\0\0\x01\0\x40\x01\0\xff", "\x09\0\0\x12\0\x40\x01\0\xa1\x63" "err\xa2\x65" "group\x18\x40\x62" "rc\x02");
    SERVED("\x0a\0\0\x01\0\0\x01\0\xa0", "\x0b\0\0\x11\0\0\x01\0\xa1\x63" "err\xa2\x65" "group\0\x62" "rc\x03"); /* echo without text */
}

static void says_nothing_to_what_is_no_request(void)
{
    SERVED("\x09\0\0\x01\0\0\x01\x06\xa0", ""); /* an answer: our own, come back over a line with echo */
    SERVED("\x0b\0\0\x01\0\0\x01\x06\xa0", "");
    SERVED("\x08\0\0\x01\0\0\x01", "");
    SERVED("", "");
}

static bool refuse(void *user, uint16_t group, uint8_t command)
{
    (void)user;
    return !(group == 64 && command == BMA_CMD_ERASE);
}

static void asks_the_device_before_serving(void)
{
    unit.ports.admit = refuse;
    bench_restart(&unit);
    SERVED("\x0a\0\0\x01\0\x40\x01\x08\xa0", "");
    SERVED("\x0a\0\0\x01\0\x40\x01\x07\xa0", "\x0b\0\0\x09\0\x40\x01\x07\xa1\x66" "locked\xf5");
}

static void answers_over_the_line(void)
{
    static const char request[] = "log\r\n\x06\x09" "ABMKAAAJAABCAKFhZGVoZWxsb0YZ\n";
    bench_fresh(&unit);
    bma_receive(&unit.agent, (const uint8_t *)request, sizeof request - 1);
    CHECK(unit.sent_len == 31 && memcmp(unit.sent, "\x06\x09" "ABMLAAAJAABCAKFhcmVoZWxsb", 27) == 0);
}

static void refuses_incomplete_ports(void)
{
    struct bma_agent agent;
    struct bma_ports ports = unit.ports;
    ports.storage.rename = NULL;
    CHECK_INT(bma_init(&agent, &ports), BMA_INVALID);
    ports = unit.ports;
    ports.network.stop = NULL;
    CHECK_INT(bma_init(&agent, &ports), BMA_INVALID);
    ports = unit.ports;
    ports.packet_max = BMA_PACKET_MAX + 1;
    CHECK_INT(bma_init(&agent, &ports), BMA_INVALID);
}

void test_smp(void)
{
    bench_fresh(&unit);
    answers_both_versions();
    names_errors_in_the_version_of_the_request();
    says_nothing_to_what_is_no_request();
    asks_the_device_before_serving();
    answers_over_the_line();
    refuses_incomplete_ports();
}
