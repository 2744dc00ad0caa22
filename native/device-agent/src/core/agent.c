#include <string.h>

#include "birthmark_agent.h"
#include "framing.h"
#include "smp.h"
#include "state.h"

enum { PACKET_MIN = 96 }; /* below this, not even one byte of an item fits into a `write` */

static bool name_fits(const char *name)
{
    return name != NULL && strlen(name) <= BMA_NAME_MAX;
}

int bma_init(struct bma_agent *agent, const struct bma_ports *ports)
{
    const struct bma_storage *s = &ports->storage;
    const struct bma_crypto *c = &ports->crypto;
    const struct bma_network *n = &ports->network;
    const struct bma_attestation *a = &ports->attestation;
    bool network_whole = (n->start != NULL) == (n->status != NULL) && (n->start != NULL) == (n->stop != NULL);
    bool attestation_whole = (a->form != NULL) == (a->size != NULL) && (a->form != NULL) == (a->read != NULL);
    if (!name_fits(ports->identity.hardware_id) || !name_fits(ports->identity.model) || !name_fits(ports->identity.firmware) ||
        ports->uart.write == NULL || ports->random.fill == NULL || ports->time.now_ms == NULL || s->size == NULL || s->read == NULL ||
        s->append == NULL || s->replace == NULL || s->rename == NULL || s->remove == NULL || c->supports == NULL || c->has_key == NULL ||
        c->generate == NULL || c->forget == NULL || c->sign == NULL || c->matches == NULL || c->sha256_start == NULL ||
        c->sha256_add == NULL || c->sha256_finish == NULL || !network_whole || !attestation_whole ||
        ports->packet_max > BMA_PACKET_MAX ||
        (ports->packet_max != 0 && ports->packet_max < PACKET_MIN))
        return BMA_INVALID;
    memset(agent, 0, sizeof *agent);
    agent->ports = *ports;
    bma_receiver_init(&agent->receiver, bma_packet_max(agent));
    return bma_state_load(agent);
}

void bma_receive(struct bma_agent *agent, const uint8_t *data, size_t len)
{
    const struct bma_time *time = &agent->ports.time;
    struct bma_span packet;
    uint8_t *bytes = agent->receiver.packet;
    for (size_t i = 0; i < len; i++) {
        if (!bma_receiver_take(&agent->receiver, data[i], time->now_ms(time->user), &packet))
            continue;
        size_t answer = bma_smp_serve(agent, bytes + (packet.data - bytes), packet.len);
        if (answer > 0)
            bma_send_packet(&agent->ports.uart, agent->answer, answer);
    }
}
