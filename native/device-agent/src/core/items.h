/* Certificates, trust anchors and broker settings: staged piece by piece, committed when their hash is right. */
#ifndef BMA_ITEMS_H
#define BMA_ITEMS_H

#include "cbor.h"

struct bma_piece {
    uint8_t slot;
    enum bma_item item;
    uint32_t off;
    uint32_t len;       /* of the whole item */
    const uint8_t *sha; /* of the whole item, BMA_SHA256_LEN bytes */
    struct bma_span data;
};

/** Stages one piece; `offset` becomes the agent's own offset, which is where the station goes on. */
int bma_item_write(struct bma_agent *agent, const struct bma_piece *piece, uint32_t *offset);

/** Length and SHA-256 of a committed item, over the bytes read back from storage. */
/* SHA-256 over length (u32 BE) and SHA-256 of each of a slot's items; `len` is what they are long together. */
int bma_items_digest(struct bma_agent *agent, uint8_t slot, uint32_t *len, uint8_t sha[BMA_SHA256_LEN]);
int bma_item_digest(struct bma_agent *agent, uint8_t slot, enum bma_item item, uint32_t *len, uint8_t sha[BMA_SHA256_LEN]);

bool bma_item_present(struct bma_agent *agent, uint8_t slot, enum bma_item item);

/** Removes everything stored for a slot but its key. */
int bma_items_clear(struct bma_agent *agent, uint8_t slot);

/** Reads and decodes the broker settings of a slot. */
int bma_broker_load(struct bma_agent *agent, uint8_t slot, struct bma_broker *broker);

#endif
