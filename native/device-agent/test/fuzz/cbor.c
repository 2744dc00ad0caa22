#include <stdlib.h>

#include "broker.h"

/* The getters may only ever be asked about what bma_cbor_is_map accepted; what they find lies inside. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const keys[] = {"slot", "item", "off", "len", "data", "sha", "d", ""};
    struct bma_span map = {data, len}, value;
    struct bma_broker broker;
    uint32_t number;
    bma_broker_decode(map, &broker);
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
