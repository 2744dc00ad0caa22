#include <stdlib.h>
#include <string.h>

#include "broker.h"

/* The getters may only ever be asked about what bma_cbor_is_map accepted; what they find lies inside. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const keys[] = {"slot", "item", "off", "len", "data", "sha", "d", ""};
    struct bma_span map = {data, len}, value;
    struct bma_broker broker;
    uint32_t number;
    bma_broker_decode(map, &broker);
    uint8_t *copy = malloc(len + 1);
    memcpy(copy, data, len);
    size_t definite = bma_cbor_make_definite(copy, len);
    /* What is a map as it stands has nothing to be rewritten; what was rewritten stays as it is. */
    if (definite > len || (bma_cbor_is_map(map) && (definite != len || memcmp(copy, data, len) != 0)) ||
        (definite > 0 && bma_cbor_make_definite(copy, definite) != definite))
        abort();
    free(copy);
    if (!bma_cbor_is_map(map))
        return 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        bma_cbor_get_uint(map, keys[i], &number);
        if ((bma_cbor_get_bytes(map, keys[i], &value) || bma_cbor_get_text(map, keys[i], &value)) &&
            (value.data < data || value.len > len || value.data > data + len - value.len))
            abort();
    }
    return 0;
}
