#include "state.h"

enum { FORMAT = 1, STATE_LEN = 3, NO_SLOT = 0xff };

static const struct bma_record state_record = {BMA_RECORD_STATE, 0, 0};

int bma_state_load(struct bma_agent *agent)
{
    const struct bma_storage *storage = &agent->ports.storage;
    uint8_t state[STATE_LEN];
    agent->locked = false;
    agent->active = -1;
    int32_t size = storage->size(storage->user, state_record);
    if (size < 0)
        return BMA_OK; /* factory fresh */
    if (size != STATE_LEN || storage->read(storage->user, state_record, 0, state, STATE_LEN) != STATE_LEN || state[0] != FORMAT ||
        state[1] > 1 || (state[2] >= BMA_SLOTS && state[2] != NO_SLOT))
        return BMA_UNKNOWN; /* guessing "unlocked" would open a locked device */
    agent->locked = state[1] == 1;
    agent->active = state[2] == NO_SLOT ? -1 : (int8_t)state[2];
    return BMA_OK;
}

int bma_state_save(struct bma_agent *agent, bool locked, int8_t active)
{
    const struct bma_storage *storage = &agent->ports.storage;
    const uint8_t state[STATE_LEN] = {FORMAT, locked, active < 0 ? NO_SLOT : (uint8_t)active};
    int rc = storage->replace(storage->user, state_record, state, STATE_LEN);
    if (rc == BMA_OK) {
        agent->locked = locked;
        agent->active = active;
    }
    return rc;
}
