#include "broker.h"

#include <string.h>

bool bma_copy_text(struct bma_span text, char *into, size_t capacity)
{
    if (text.len >= capacity)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f)
            return false;
        into[i] = (char)text.data[i];
    }
    into[text.len] = 0;
    return true;
}

bool bma_copy_topic(struct bma_span text, char *into, size_t capacity)
{
    return bma_copy_text(text, into, capacity) && strpbrk(into, "+#") == NULL;
}

static bool field(struct bma_span item, const char *key, char *into, size_t capacity)
{
    struct bma_span text;
    return bma_cbor_get_text(item, key, &text) && text.len > 0 && bma_copy_text(text, into, capacity);
}

bool bma_broker_decode(struct bma_span item, struct bma_broker *broker)
{
    uint32_t port;
    struct bma_span base;
    if (!bma_cbor_is_map(item) || !bma_cbor_get_uint(item, "port", &port) || port == 0 || port > 65535)
        return false;
    broker->port = (uint16_t)port;
    return field(item, "host", broker->host, sizeof broker->host) && field(item, "client", broker->client, sizeof broker->client) &&
           field(item, "name", broker->name, sizeof broker->name) && bma_cbor_get_text(item, "base", &base) && base.len > 0 &&
           bma_copy_topic(base, broker->base, sizeof broker->base);
}
