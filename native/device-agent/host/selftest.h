/* The device's own connection to the broker: a thread that proves it and then keeps it. */
#ifndef HOST_SELFTEST_H
#define HOST_SELFTEST_H

#include "folder.h"

struct selftest;

/** `storage` is copied; NULL when memory is short. */
struct selftest *selftest_new(const struct folder *folder, const struct bma_storage *storage);

/** Ends the session and waits for it. */
void selftest_free(struct selftest *selftest);

struct bma_network selftest_table(struct selftest *selftest);

#endif
