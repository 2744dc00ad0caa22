/* The part of CBOR (RFC 8949) that SMP payloads use: maps with text keys. Never reads outside the span it was given. */
#ifndef BMA_CBOR_H
#define BMA_CBOR_H

#include "framing.h"

/**
 * Rewrites one item without indefinite lengths, in its place; it never becomes longer.
 * @return its length then; 0 for what is not well-formed, or has more than 255 pairs or elements of indefinite length.
 */
size_t bma_cbor_make_definite(uint8_t *data, size_t len);

/** True when the span is exactly one well-formed map with text keys and definite lengths. The getters below expect such a map. */
bool bma_cbor_is_map(struct bma_span map);

/** Whether `key` is there, whatever its value is. */
bool bma_cbor_has(struct bma_span map, const char *key);

/** The value of `key`; false when it is missing, of another type or above 2^32-1. */
bool bma_cbor_get_uint(struct bma_span map, const char *key, uint32_t *value);
bool bma_cbor_get_bytes(struct bma_span map, const char *key, struct bma_span *value);
bool bma_cbor_get_text(struct bma_span map, const char *key, struct bma_span *value);

/** Writes into a fixed buffer; `full` is set once something did not fit, and nothing is written from then on. */
struct bma_cbor_writer {
    uint8_t *data;
    size_t len;
    size_t capacity;
    bool full;
};

void bma_cbor_put_map(struct bma_cbor_writer *w, uint32_t pairs);
void bma_cbor_put_array(struct bma_cbor_writer *w, uint32_t count);
void bma_cbor_put_uint(struct bma_cbor_writer *w, uint32_t value);
void bma_cbor_put_int(struct bma_cbor_writer *w, int32_t value);
void bma_cbor_put_bool(struct bma_cbor_writer *w, bool value);
void bma_cbor_put_text(struct bma_cbor_writer *w, const char *text);
void bma_cbor_put_text_span(struct bma_cbor_writer *w, struct bma_span text);
void bma_cbor_put_bytes(struct bma_cbor_writer *w, const uint8_t *data, size_t len);
/** Head of a byte string and room for its content, to be filled in place; NULL when it does not fit. */
uint8_t *bma_cbor_reserve_bytes(struct bma_cbor_writer *w, size_t len);

#endif
