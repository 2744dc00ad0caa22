#include <stdlib.h>
#include <string.h>

#include "bench_unit.h"

enum { POWER_CYCLE = 0x80 };

/*
 * A conversation: per request one byte for operation and command, two for the length, and the payload, so that nearly every input reaches
 * a command. Invariants: each answer is a map within its buffer; the lock never opens again; stored items stay within their size.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct bench_unit unit;
    bool locked = false;
    bench_fresh(&unit);
    while (len >= 3) {
        const uint8_t *head = data;
        size_t n = (size_t)((head[1] & 7) << 8 | head[2]);
        n = n < len - 3 ? n : len - 3;
        n = n < BMA_PACKET_MAX - BMA_SMP_HEADER_LEN ? n : BMA_PACKET_MAX - BMA_SMP_HEADER_LEN;
        struct bma_cbor_writer map = {(uint8_t *)data + 3, n, n, true};
        data += 3 + n;
        len -= 3 + n;
        if ((head[0] & POWER_CYCLE) != 0 && bench_restart(&unit) != BMA_OK)
            abort();
        struct bma_span answer = bench_request(&unit, (head[0] & 0x10) != 0, (head[0] & 0x20) != 0 ? 0 : 64, head[0] & 15, &map);
        if (!bma_cbor_is_map(answer) || answer.len > BMA_PACKET_MAX || (locked && !unit.agent.locked))
            abort();
        locked = unit.agent.locked;
    }
    bma_receive(&unit.agent, data, len);
    return 0;
}
