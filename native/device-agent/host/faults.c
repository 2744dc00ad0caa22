#define _POSIX_C_SOURCE 200809L
#include "faults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char faults_help[] = "  stored-byte[=ITEM]   one stored byte of ITEM (cert, ca, broker; default cert) reads back wrong\n"
                           "  swap-on-replug=ID    after the first accepted write the pty comes back as hardware id ID\n"
                           "  csr-other-key        the CSR is signed with a key that is not the slot's\n"
                           "  stall=COMMAND        never answers COMMAND nor anything after it\n"
                           "  die-at=OFFSET        exits hard when an item's offset passes OFFSET\n"
                           "  unplug-at=OFFSET     the pty goes away when an item's offset passes OFFSET and comes back with its state\n"
                           "  baud=N               answers garbage unless the line's speed is N\n"
                           "  noise                log lines before, between and inside frames\n"
                           "  corrupt=N            one byte of every Nth frame sent is wrong\n"
                           "  drop=N, duplicate=N  every Nth frame sent loses / doubles one byte\n"
                           "  small-buffers        buf_size 128\n"
                           "  slow-flash=MS        every write takes MS\n"
                           "  flood                never-ending noise, about 1 MB/s\n"
                           "  pace=BAUD            bytes in both directions take their time at BAUD (8N1)\n";

static const char *const item_names[] = {"cert", "ca", "broker", NULL};
static const char *const command_names[] = {"info",  "keygen",   "csr",  "write", "digest",
                                            "prove", "activate", "lock", "erase", "selftest", "attestation", NULL};

static int index_of(const char *const *names, const char *name)
{
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static bool number(const char *text, int64_t least, int64_t *value)
{
    char *end;
    errno = 0;
    long long n = text == NULL ? -1 : strtoll(text, &end, 10);
    if (text == NULL || errno != 0 || end == text || *end != 0 || n < least || n > INT32_MAX)
        return false;
    *value = n;
    return true;
}

static bool positive(const char *text, uint32_t *value)
{
    int64_t n;
    if (!number(text, 1, &n))
        return false;
    *value = (uint32_t)n;
    return true;
}

static bool flag(const char *text, bool *value)
{
    *value = true;
    return text == NULL;
}

void faults_init(struct faults *faults)
{
    memset(faults, 0, sizeof *faults);
    faults->stored_byte = faults->stall = -1;
    faults->die_at = faults->unplug_at = -1;
}

bool faults_set(struct faults *f, const char *argument)
{
    const char *value = strchr(argument, '=');
    size_t len = value == NULL ? strlen(argument) : (size_t)(value++ - argument);
    char name[24];
    if (len >= sizeof name)
        return false;
    memcpy(name, argument, len);
    name[len] = 0;
    if (strcmp(name, "stored-byte") == 0)
        return (f->stored_byte = value == NULL ? BMA_ITEM_CERT : index_of(item_names, value)) >= 0;
    if (strcmp(name, "stall") == 0)
        return value != NULL && (f->stall = index_of(command_names, value)) >= 0;
    if (strcmp(name, "swap-on-replug") == 0)
        return (f->swap_on_replug = value) != NULL && *value != 0 && strlen(value) <= BMA_NAME_MAX;
    if (strcmp(name, "csr-other-key") == 0)
        return flag(value, &f->csr_other_key);
    if (strcmp(name, "noise") == 0)
        return flag(value, &f->noise);
    if (strcmp(name, "small-buffers") == 0)
        return flag(value, &f->small_buffers);
    if (strcmp(name, "flood") == 0)
        return flag(value, &f->flood);
    if (strcmp(name, "die-at") == 0)
        return number(value, 0, &f->die_at);
    if (strcmp(name, "unplug-at") == 0)
        return number(value, 0, &f->unplug_at);
    if (strcmp(name, "baud") == 0)
        return positive(value, &f->baud);
    if (strcmp(name, "corrupt") == 0)
        return positive(value, &f->corrupt);
    if (strcmp(name, "drop") == 0)
        return positive(value, &f->drop);
    if (strcmp(name, "duplicate") == 0)
        return positive(value, &f->duplicate);
    if (strcmp(name, "slow-flash") == 0)
        return positive(value, &f->slow_flash);
    return strcmp(name, "pace") == 0 && positive(value, &f->pace);
}

static void flash_time(const struct faults *faults)
{
    const struct timespec time = {faults->slow_flash / 1000, (long)(faults->slow_flash % 1000) * 1000000};
    if (faults->slow_flash > 0)
        nanosleep(&time, NULL);
}

static int32_t size(void *user, struct bma_record record)
{
    struct faulty_storage *s = user;
    return s->real.size(s->real.user, record);
}

/* The wrong byte is the middle one, of the committed item only: the hash over the staged bytes was still right. */
static int32_t read_record(void *user, struct bma_record record, uint32_t off, uint8_t *into, size_t len)
{
    struct faulty_storage *s = user;
    int32_t got = s->real.read(s->real.user, record, off, into, len);
    if (record.kind == BMA_RECORD_ITEM && record.item == s->faults->stored_byte && got > 0) {
        uint32_t wrong = (uint32_t)s->real.size(s->real.user, record) / 2;
        if (wrong >= off && wrong < off + (uint32_t)got)
            into[wrong - off] ^= 1;
    }
    return got;
}

static int append(void *user, struct bma_record record, const uint8_t *data, size_t len)
{
    struct faulty_storage *s = user;
    flash_time(s->faults);
    int rc = s->real.append(s->real.user, record, data, len);
    if (rc != BMA_OK || record.kind != BMA_RECORD_STAGED)
        return rc;
    int64_t offset = s->real.size(s->real.user, record);
    if (s->faults->die_at >= 0 && offset > s->faults->die_at)
        s->event = FAULT_DIE;
    else if (s->armed && s->faults->unplug_at >= 0 && offset > s->faults->unplug_at)
        s->event = FAULT_UNPLUG;
    else if (s->armed && s->faults->swap_on_replug != NULL)
        s->event = FAULT_SWAP;
    if (s->event == FAULT_UNPLUG || s->event == FAULT_SWAP)
        s->armed = false;
    return rc;
}

static int replace(void *user, struct bma_record record, const uint8_t *data, size_t len)
{
    struct faulty_storage *s = user;
    flash_time(s->faults);
    return s->real.replace(s->real.user, record, data, len);
}

static int rename_record(void *user, struct bma_record from, struct bma_record to)
{
    struct faulty_storage *s = user;
    return s->real.rename(s->real.user, from, to);
}

static int remove_record(void *user, struct bma_record record)
{
    struct faulty_storage *s = user;
    return s->real.remove(s->real.user, record);
}

struct bma_storage faulty_storage_table(struct faulty_storage *storage)
{
    return (struct bma_storage){storage, size, read_record, append, replace, rename_record, remove_record};
}
