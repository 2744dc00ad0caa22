/* A pty as the unit's serial port, with a link that keeps its name, and the pace of a real line. */
#ifndef HOST_LINK_H
#define HOST_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* One direction of a wire: bytes that are let through have taken their time. */
struct pace {
    int64_t byte_ns;    /* 0: as fast as it goes */
    int64_t paid_until; /* monotonic time up to which bytes have been let through */
    bool idle;          /* nothing was there to send: the next byte starts anew */
};

struct link {
    int master;
    char pty[64];
    const char *path; /* symbolic link to keep, NULL for none */
    uint8_t *queue;   /* bytes that wait to be sent */
    size_t queued;
    size_t capacity;
    struct pace in;
    struct pace out;
};

/** Opens a pty in raw mode and points `path` at it; false with errno. `baud` 0 means no pace. */
bool link_open(struct link *link, const char *path, uint32_t baud);

/** Removes the link and hangs up. */
void link_close(struct link *link);

/** True while somebody has the port open. */
bool link_connected(const struct link *link);

/** Reads what has arrived and is due by now; 0 when there is nothing. */
size_t link_read(struct link *link, uint8_t *into, size_t len);

/** Line speed that the station has set, in baud. */
uint32_t link_speed(const struct link *link);

/** Queues bytes; what nobody listens to is lost, as on a wire. */
void link_send(struct link *link, const uint8_t *data, size_t len);

/** Writes as much of the queue as the wire takes now. */
void link_flush(struct link *link);

/** What to wait for on `master` (poll's events; 0: nothing), and in `timeout_ns` how long at most by the pace (-1: no limit). */
short link_wait(const struct link *link, int64_t *timeout_ns);

int64_t monotonic_ns(void);

#endif
