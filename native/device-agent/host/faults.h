/* The fault switches of PROTOCOL.md: what they are set to, and those that sit between the core and its storage. */
#ifndef HOST_FAULTS_H
#define HOST_FAULTS_H

#include "birthmark_agent.h"

struct faults {
    int stored_byte; /* enum bma_item, -1 off */
    const char *swap_on_replug;
    bool csr_other_key;
    int stall; /* enum bma_command, -1 off */
    int64_t die_at;
    int64_t unplug_at;
    uint32_t baud;
    bool noise;
    uint32_t corrupt;
    uint32_t drop;
    uint32_t duplicate;
    bool small_buffers;
    uint32_t slow_flash;
    bool flood;
    uint32_t pace;
};

void faults_init(struct faults *faults);

/** Sets one fault from `NAME[=VALUE]`; false when there is no such fault or its value makes no sense. */
bool faults_set(struct faults *faults, const char *argument);

/** One line per fault, for --help. */
extern const char faults_help[];

/** What the main loop has to do once the answer in hand has been dealt with. */
enum fault_event { FAULT_NONE, FAULT_DIE, FAULT_UNPLUG, FAULT_SWAP };

/** Storage with the faults of flash in it, in front of the real one. */
struct faulty_storage {
    const struct faults *faults;
    struct bma_storage real;
    bool armed;             /* unplug and swap happen once */
    enum fault_event event; /* for the main loop, which resets it */
};

struct bma_storage faulty_storage_table(struct faulty_storage *storage);

#endif
