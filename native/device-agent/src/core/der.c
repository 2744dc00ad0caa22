#include "der.h"

enum { SEQUENCE = 0x30, HEAD_MAX = 4 /* contents up to 65535 bytes */ };

/* Length of the element at `off` with its head; 0 when there is no SEQUENCE with a minimal definite length. */
static uint32_t element_length(const struct bma_storage *storage, struct bma_record record, uint32_t off)
{
    uint8_t head[HEAD_MAX] = {0};
    int32_t got = storage->read(storage->user, record, off, head, sizeof head);
    if (got < 2 || head[0] != SEQUENCE)
        return 0;
    if (head[1] < 0x80)
        return 2u + head[1];
    if (head[1] == 0x81 && got >= 3 && head[2] >= 0x80)
        return 3u + head[2];
    if (head[1] == 0x82 && got >= 4 && head[2] > 0)
        return 4u + ((uint32_t)head[2] << 8 | head[3]);
    return 0;
}

bool bma_der_is_list(const struct bma_storage *storage, struct bma_record record, uint32_t len)
{
    uint32_t off = 0;
    while (off < len) {
        uint32_t element = element_length(storage, record, off);
        if (element == 0 || element > len - off)
            return false;
        off += element;
    }
    return len > 0;
}
