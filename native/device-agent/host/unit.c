#define _POSIX_C_SOURCE 200809L
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "secure_element.h"
#include "wire_faults.h"

enum { SMALL_BUFFER = 128, BACKLOG = 4096 };

static uint32_t now_ms(void *user)
{
    (void)user;
    return (uint32_t)(monotonic_ns() / 1000000);
}

/* Fault stall: from the named command on there is silence. */
static bool admit(void *user, uint16_t group, uint8_t command)
{
    struct unit *unit = user;
    if (group == 64 && command == unit->faults->stall)
        unit->stalled = true;
    return !unit->stalled;
}

static int refuse(const char *what)
{
    fprintf(stderr, "device-agent: %s: %s\n", what, strerror(errno));
    return false;
}

bool unit_on(struct unit *unit, const struct unit_settings *settings, bool armed)
{
    memset(unit, 0, sizeof *unit);
    unit->faults = settings->faults;
    unit->link.master = -1;
    if (!folder_open(&unit->folder, settings->state))
        return refuse(settings->state);
    crypto_init(&unit->crypto, &unit->folder, unit->faults->csr_other_key);
    unit->storage = (struct faulty_storage){unit->faults, folder_storage(&unit->folder), armed, FAULT_NONE};
    struct bma_ports ports = {
        .identity = settings->identity,
        .uart = {unit, wire_write_line},
        .storage = faulty_storage_table(&unit->storage),
        .random = random_table(),
        .time = {NULL, now_ms},
        .crypto = crypto_table(&unit->crypto),
        .attestation = secure_element_table(&unit->folder),
        .packet_max = unit->faults->small_buffers ? SMALL_BUFFER : 0,
        .admit = admit,
        .admit_user = unit,
    };
    unit->selftest = selftest_new(&unit->folder, &ports.storage);
    if (unit->selftest == NULL)
        return refuse("self test");
    ports.network = selftest_table(unit->selftest);
    if (bma_init(&unit->agent, &ports) != BMA_OK) {
        fprintf(stderr, "device-agent: the state in %s is damaged\n", settings->state);
        return false;
    }
    return link_open(&unit->link, settings->link_path, unit->faults->pace) || refuse("pty");
}

void unit_off(struct unit *unit)
{
    link_close(&unit->link);
    selftest_free(unit->selftest);
    crypto_free(&unit->crypto);
    folder_close(&unit->folder);
}

static void take(struct unit *unit, const uint8_t *data, size_t len)
{
    if (unit->faults->baud != 0 && link_speed(&unit->link) != unit->faults->baud) {
        wire_garbage(unit, len);
        return;
    }
    /* Byte by byte: nothing that came after the request that triggers an event may be served any more. */
    for (size_t i = 0; i < len && unit->storage.event == FAULT_NONE; i++)
        bma_receive(&unit->agent, data + i, 1);
    wire_end_frame(unit);
}

static void talk(struct unit *unit)
{
    const int64_t log_ns = 250000000;
    if (!link_connected(&unit->link))
        return;
    if (unit->faults->flood && unit->link.queued < BACKLOG)
        wire_garbage(unit, BACKLOG);
    if (unit->faults->noise && monotonic_ns() >= unit->next_log) {
        unit->next_log = monotonic_ns() + log_ns;
        wire_log(unit);
    }
}

enum fault_event unit_step(struct unit *unit)
{
    uint8_t data[UNIT_READ];
    size_t len;
    /* Like a real UART, a unit that cannot get rid of its answers does not listen either. */
    while (unit->storage.event == FAULT_NONE && (unit->link.queued <= BACKLOG || unit->faults->flood) &&
           (len = link_read(&unit->link, data, sizeof data)) > 0)
        take(unit, data, len);
    talk(unit);
    link_flush(&unit->link);
    enum fault_event event = unit->storage.event;
    unit->storage.event = FAULT_NONE;
    return event;
}
