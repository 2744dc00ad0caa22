/* In place of host/tls.c: the broker is a string of bytes, and what the client wrote is kept. */
#ifndef TEST_FAKE_TLS_H
#define TEST_FAKE_TLS_H

#include "mqtt.h"

struct fake_broker {
    const uint8_t *says;
    size_t len;
    size_t at;
    size_t chunk;          /* bytes a read gives at most */
    enum tls_result after; /* what reads answer once everything has been said */
    uint8_t heard[16384];
    size_t heard_len;
    char detail[BMA_DETAIL_MAX];
    struct tls tls;
};

extern struct fake_broker broker;

void fake_broker_says(const void *bytes, size_t len, enum tls_result after);

#endif
