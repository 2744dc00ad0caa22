/* SMP console framing: packets as base64 lines among other text. */
#ifndef BMA_FRAMING_H
#define BMA_FRAMING_H

#include "birthmark_agent.h"

struct bma_span {
    const uint8_t *data;
    size_t len;
};

/** `capacity`: largest packet to accept, at most BMA_PACKET_MAX. */
void bma_receiver_init(struct bma_receiver *receiver, size_t capacity);

/**
 * Takes one byte. True when it ended a packet with a good CRC: `packet` then points into the receiver until the next call.
 * Damaged, oversized and timed-out packets vanish silently; the sender's own deadline covers them.
 */
bool bma_receiver_take(struct bma_receiver *receiver, uint8_t byte, uint32_t now_ms, struct bma_span *packet);

/** Sends a packet as one line per `uart.write`. */
void bma_send_packet(const struct bma_uart *uart, const uint8_t *packet, size_t len);

#endif
