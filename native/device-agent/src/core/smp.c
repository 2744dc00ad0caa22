#include "smp.h"

#include <string.h>

enum { OP_READ = 0, OP_WRITE = 2 };

enum { OS_ECHO = 0, OS_PARAMS = 6 };

/* MCUmgr's common error codes, used for group 0 and for packets that no group can be held responsible for. */
enum { MGMT_EINVAL = 3, MGMT_EMSGSIZE = 7, MGMT_ENOTSUP = 8, MGMT_TOO_NEW = 13 };

static const uint8_t empty_map[] = {0xa0};

size_t bma_packet_max(const struct bma_agent *agent)
{
    return agent->ports.packet_max == 0 ? BMA_PACKET_MAX : agent->ports.packet_max;
}

static int os_group(struct bma_agent *agent, const struct bma_request *request, struct bma_cbor_writer *out)
{
    struct bma_span text;
    if (request->command == OS_ECHO && request->write) {
        if (!bma_cbor_get_text(request->map, "d", &text))
            return MGMT_EINVAL;
        bma_cbor_put_map(out, 1);
        bma_cbor_put_text(out, "r");
        bma_cbor_put_text_span(out, text);
        return 0;
    }
    if (request->command == OS_PARAMS && !request->write) {
        bma_cbor_put_map(out, 2);
        bma_cbor_put_text(out, "buf_size");
        bma_cbor_put_uint(out, (uint32_t)bma_packet_max(agent));
        bma_cbor_put_text(out, "buf_count");
        bma_cbor_put_uint(out, 1);
        return 0;
    }
    return MGMT_ENOTSUP;
}

/* {err: {group, rc}} of SMP version 2, or {rc} of version 1, in place of whatever was written so far. */
static void put_error(struct bma_cbor_writer *out, bool version_2, uint16_t group, int rc)
{
    out->len = 0;
    out->full = false;
    bma_cbor_put_map(out, 1);
    if (version_2) {
        bma_cbor_put_text(out, "err");
        bma_cbor_put_map(out, 2);
        bma_cbor_put_text(out, "group");
        bma_cbor_put_uint(out, group);
    }
    bma_cbor_put_text(out, "rc");
    bma_cbor_put_int(out, rc);
}

size_t bma_smp_serve(struct bma_agent *agent, uint8_t *packet, size_t len)
{
    if (len < BMA_SMP_HEADER_LEN)
        return 0;
    const uint8_t *header = packet;
    const uint8_t op = header[0] & 7, version = header[0] >> 3 & 3;
    const uint16_t payload_len = (uint16_t)(header[2] << 8 | header[3]);
    uint16_t group = (uint16_t)(header[4] << 8 | header[5]);
    if (op != OP_READ && op != OP_WRITE)
        return 0;
    if (agent->ports.admit != NULL && !agent->ports.admit(agent->ports.admit_user, group, header[7]))
        return 0;

    struct bma_request request = {op == OP_WRITE, header[7], {header + BMA_SMP_HEADER_LEN, len - BMA_SMP_HEADER_LEN}};
    if (payload_len > 0)
        request.map.len = bma_cbor_make_definite(packet + BMA_SMP_HEADER_LEN, request.map.len);
    else if (request.map.len == 0)
        request.map = (struct bma_span){empty_map, sizeof empty_map}; /* some clients send reads without a payload */
    struct bma_cbor_writer out = {agent->answer + BMA_SMP_HEADER_LEN, 0, sizeof agent->answer - BMA_SMP_HEADER_LEN, false};
    uint16_t blamed = BMA_GROUP_OS;
    int rc;
    if (version > 1) {
        rc = MGMT_TOO_NEW;
    } else if (payload_len != len - BMA_SMP_HEADER_LEN) {
        rc = MGMT_EINVAL;
    } else if (group == BMA_GROUP_OS) {
        rc = bma_cbor_is_map(request.map) ? os_group(agent, &request, &out) : MGMT_EINVAL;
    } else if (group == BMA_GROUP_PROVISION) {
        blamed = group;
        rc = bma_cbor_is_map(request.map) ? bma_provision(agent, &request, &out) : BMA_INVALID;
    } else {
        rc = MGMT_ENOTSUP;
    }
    if (rc == 0 && out.full) {
        blamed = BMA_GROUP_OS;
        rc = MGMT_EMSGSIZE;
    }
    if (rc != 0)
        put_error(&out, version == 1, blamed, rc);

    memcpy(agent->answer, header, BMA_SMP_HEADER_LEN);
    agent->answer[0] = (uint8_t)((version > 1 ? 1 : version) << 3 | (op + 1));
    agent->answer[1] = 0;
    agent->answer[2] = (uint8_t)(out.len >> 8);
    agent->answer[3] = (uint8_t)out.len;
    return BMA_SMP_HEADER_LEN + out.len;
}
