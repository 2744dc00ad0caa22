/* SMP packets: header, groups, errors. */
#ifndef BMA_SMP_H
#define BMA_SMP_H

#include "cbor.h"

enum { BMA_GROUP_OS = 0, BMA_GROUP_PROVISION = 64 };

enum { BMA_SMP_HEADER_LEN = 8 };

struct bma_request {
    bool write;
    uint8_t command;
    struct bma_span map;
};

/**
 * Serves one request packet, which is changed where it has indefinite lengths, and leaves the answer packet in `agent->answer`.
 * @return length of the answer; 0 for what gets none (not a request, or not admitted).
 */
size_t bma_smp_serve(struct bma_agent *agent, uint8_t *packet, size_t len);

/** Serves a command of group 64, writing a whole answer map; an enum bma_result. */
int bma_provision(struct bma_agent *agent, const struct bma_request *request, struct bma_cbor_writer *out);

/** Largest packet that the station may send and that a piece of a CSR is cut to, in bytes. */
size_t bma_packet_max(const struct bma_agent *agent);

#endif
