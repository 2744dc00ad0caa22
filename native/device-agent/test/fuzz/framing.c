#include <stdlib.h>
#include <string.h>

#include "crc16.h"
#include "framing.h"

static uint8_t sent[BMA_PACKET_MAX * 2];
static size_t sent_len;

static void keep(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    if (len > 127 || sent_len + len > sizeof sent)
        abort();
    memcpy(sent + sent_len, data, len);
    sent_len += len;
}

static int feed(struct bma_receiver *receiver, const uint8_t *data, size_t len, struct bma_span *packet)
{
    int packets = 0;
    for (size_t i = 0; i < len; i++) {
        if (bma_receiver_take(receiver, data[i], 0, packet)) {
            packets++;
            if (packet->len > BMA_PACKET_MAX)
                abort();
        }
    }
    return packets;
}

/* Whatever came before, the next whole frame is received; and what is sent comes back the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct bma_receiver receiver;
    const struct bma_uart uart = {NULL, keep};
    struct bma_span packet;
    bma_receiver_init(&receiver, BMA_PACKET_MAX);
    feed(&receiver, data, len, &packet);
    if (len == 0 || len > BMA_PACKET_MAX)
        return 0;
    sent_len = 0;
    bma_send_packet(&uart, data, len);
    if (feed(&receiver, sent, sent_len, &packet) != 1 || packet.len != len || memcmp(packet.data, data, len) != 0)
        abort();
    return 0;
}
