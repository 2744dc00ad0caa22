/* A whole port of the agent to the board of board.h, as PORTING.md goes through it. */
#ifndef PORT_H
#define PORT_H

#include "birthmark_agent.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Once, before anything is received. Anything but BMA_OK: do not serve. */
int port_start(struct bma_agent *agent);

#ifdef __cplusplus
}
#endif

#endif
