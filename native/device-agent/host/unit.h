/* One simulated unit: the core with its ports, its line with the faults of lines, and what its faults make it do. */
#ifndef HOST_UNIT_H
#define HOST_UNIT_H

#include "crypto.h"
#include "faults.h"
#include "link.h"
#include "selftest.h"

enum { FRAME_MAX = 8192, UNIT_READ = 256 };

struct unit {
    const struct faults *faults;
    struct folder folder;
    struct crypto crypto;
    struct faulty_storage storage;
    struct selftest *selftest;
    struct link link;
    struct bma_agent agent;
    uint8_t frame[FRAME_MAX]; /* the frame that is being sent, whole, so that faults know where it begins and ends */
    size_t frame_len;
    uint32_t frames;
    bool stalled;
    int64_t next_log; /* when fault noise says something again */
};

struct unit_settings {
    const char *state;
    struct bma_identity identity;
    const char *link_path;
    const struct faults *faults;
};

/** Powers the unit on; false after saying on standard error why not. `armed`: faults that happen once are still to come. */
bool unit_on(struct unit *unit, const struct unit_settings *settings, bool armed);

/** Powers it off: the port vanishes, the session to the broker ends, the state stays. */
void unit_off(struct unit *unit);

/** Does what there is to do, without waiting; what its faults want next. */
enum fault_event unit_step(struct unit *unit);

#endif
