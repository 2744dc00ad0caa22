#include "fake_tls.h"

#include <string.h>

struct fake_broker broker;

void fake_broker_says(const void *bytes, size_t len, enum tls_result after)
{
    memset(&broker, 0, sizeof broker);
    broker.says = bytes;
    broker.len = len;
    broker.chunk = len;
    broker.after = after;
    broker.tls.detail = broker.detail;
}

int tls_read(struct tls *tls, uint8_t *into, size_t len, int timeout_ms)
{
    size_t n = broker.len - broker.at;
    (void)tls;
    (void)timeout_ms;
    n = n < broker.chunk ? n : broker.chunk;
    n = n < len ? n : len;
    if (n == 0)
        return broker.after;
    memcpy(into, broker.says + broker.at, n);
    broker.at += n;
    return (int)n;
}

enum tls_result tls_write(struct tls *tls, const uint8_t *data, size_t len, int timeout_ms)
{
    (void)tls;
    (void)timeout_ms;
    if (broker.heard_len + len > sizeof broker.heard)
        return TLS_FAILED;
    memcpy(broker.heard + broker.heard_len, data, len);
    broker.heard_len += len;
    return TLS_OK;
}
