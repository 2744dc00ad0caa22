#ifndef BMA_STATE_H
#define BMA_STATE_H

#include "birthmark_agent.h"

/** Lock and active slot from storage; BMA_UNKNOWN when what is stored is damaged. */
int bma_state_load(struct bma_agent *agent);

/** Stores first, and changes the agent only when that worked. */
int bma_state_save(struct bma_agent *agent, bool locked, int8_t active);

#endif
