#define _GNU_SOURCE
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Replaces an old link in one step, so that the path is never half there. */
static bool point_link(const char *path, const char *pty)
{
    char fresh[4096];
    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh) {
        errno = ENAMETOOLONG;
        return false;
    }
    unlink(fresh);
    return symlink(pty, fresh) == 0 && rename(fresh, path) == 0;
}

bool link_open(struct link *link, const char *path, uint32_t baud)
{
    struct termios line;
    memset(link, 0, sizeof *link);
    link->path = path;
    link->in.idle = link->out.idle = true;
    link->in.byte_ns = link->out.byte_ns = baud == 0 ? 0 : INT64_C(10000000000) / baud; /* 8N1: ten bits a byte */
    link->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (link->master < 0 || grantpt(link->master) != 0 || unlockpt(link->master) != 0 ||
        ptsname_r(link->master, link->pty, sizeof link->pty) != 0 || tcgetattr(link->master, &line) != 0)
        return false;
    cfmakeraw(&line);
    if (tcsetattr(link->master, TCSANOW, &line) != 0)
        return false;
    int slave = open(link->pty, O_RDWR | O_NOCTTY | O_CLOEXEC); /* opened and closed once, the master reports a hang-up whenever nobody has it */
    if (slave < 0)
        return false;
    close(slave);
    return path == NULL || point_link(path, link->pty);
}

void link_close(struct link *link)
{
    char target[sizeof link->pty];
    if (link->path != NULL) {
        ssize_t len = readlink(link->path, target, sizeof target - 1);
        if (len > 0 && (size_t)len == strlen(link->pty) && memcmp(target, link->pty, (size_t)len) == 0)
            unlink(link->path); /* and not the link of another unit that has taken the place */
    }
    if (link->master >= 0)
        close(link->master);
    link->master = -1;
    free(link->queue);
    link->queue = NULL;
    link->queued = link->capacity = 0;
}

bool link_connected(const struct link *link)
{
    struct pollfd pty = {link->master, POLLIN, 0};
    poll(&pty, 1, 0);
    return (pty.revents & POLLHUP) == 0;
}

/* How many of `len` bytes have gone over the wire by now. */
static size_t due(struct pace *pace, size_t len, int64_t now)
{
    if (pace->byte_ns == 0)
        return len;
    if (pace->idle)
        pace->paid_until = now;
    pace->idle = false;
    size_t n = (size_t)((now - pace->paid_until) / pace->byte_ns);
    return n < len ? n : len;
}

size_t link_read(struct link *link, uint8_t *into, size_t len)
{
    struct pollfd pty = {link->master, POLLIN, 0};
    if (poll(&pty, 1, 0) <= 0 || (pty.revents & POLLIN) == 0) {
        link->in.idle = true;
        return 0;
    }
    size_t want = due(&link->in, len, monotonic_ns());
    ssize_t got = want == 0 ? 0 : read(link->master, into, want);
    if (got <= 0)
        return 0;
    link->in.paid_until += got * link->in.byte_ns;
    return (size_t)got;
}

void link_send(struct link *link, const uint8_t *data, size_t len)
{
    if (link->queued + len > link->capacity) {
        size_t capacity = 2 * (link->queued + len);
        uint8_t *queue = realloc(link->queue, capacity);
        if (queue == NULL)
            return;
        link->queue = queue;
        link->capacity = capacity;
    }
    memcpy(link->queue + link->queued, data, len);
    link->queued += len;
}

void link_flush(struct link *link)
{
    if (link->queued == 0)
        return;
    if (!link_connected(link)) {
        link->queued = 0;
        return;
    }
    size_t want = due(&link->out, link->queued, monotonic_ns());
    ssize_t put = want == 0 ? 0 : write(link->master, link->queue, want);
    if (put <= 0)
        return;
    link->out.paid_until += put * link->out.byte_ns;
    link->queued -= (size_t)put;
    link->out.idle = link->queued == 0;
    memmove(link->queue, link->queue + put, link->queued);
}

/* Time until `bytes` have gone over the wire, a millisecond at most, so that long ones come in pieces. */
static void shorten(int64_t *timeout_ns, const struct pace *pace, int64_t bytes)
{
    const int64_t longest = 1000000;
    int64_t left = pace->paid_until + bytes * pace->byte_ns - monotonic_ns();
    left = left < 0 ? 0 : left > longest ? longest : left;
    if (*timeout_ns < 0 || left < *timeout_ns)
        *timeout_ns = left;
}

short link_wait(const struct link *link, int64_t *timeout_ns)
{
    short events = 0;
    int arrived = 1;
    *timeout_ns = -1;
    if (link->in.byte_ns == 0 || link->in.idle)
        events |= POLLIN;
    else if (ioctl(link->master, FIONREAD, &arrived) == 0)
        shorten(timeout_ns, &link->in, arrived);
    if (link->queued > 0 && link->out.byte_ns == 0)
        events |= POLLOUT;
    else if (link->queued > 0)
        shorten(timeout_ns, &link->out, (int64_t)link->queued);
    return events;
}
