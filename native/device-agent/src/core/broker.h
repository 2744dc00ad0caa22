#ifndef BMA_BROKER_H
#define BMA_BROKER_H

#include "cbor.h"

/** Decodes the `broker` item; false when a field is missing, empty, too long, or cannot be what it is meant to be. */
bool bma_broker_decode(struct bma_span item, struct bma_broker *broker);

/**
 * Copies a CBOR text into a C string of `capacity` bytes. False when it is too long, or has control characters or, for topics, the
 * wildcards that a topic to publish on must not have (MQTT 5, 4.7.1).
 */
bool bma_copy_text(struct bma_span text, char *into, size_t capacity);
bool bma_copy_topic(struct bma_span text, char *into, size_t capacity);

#endif
