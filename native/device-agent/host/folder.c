#define _POSIX_C_SOURCE 200809L
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_LEN = 32 };

static const char *const item_names[BMA_ITEMS] = {"cert", "ca", "broker"};

bool folder_open(struct folder *folder, const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return false;
    folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder->fd >= 0 && fchmod(folder->fd, 0700) == 0;
}

void folder_close(struct folder *folder)
{
    close(folder->fd);
    folder->fd = -1;
}

static int result_of_errno(void)
{
    return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? BMA_STORAGE_FULL : BMA_UNKNOWN;
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR)
            return result_of_errno();
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return BMA_OK;
}

int folder_replace(const struct folder *folder, const char *name, const uint8_t *data, size_t len)
{
    char fresh[NAME_LEN + 4];
    snprintf(fresh, sizeof fresh, "%s.new", name);
    int fd = openat(folder->fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return result_of_errno();
    int rc = write_all(fd, data, len);
    if (rc == BMA_OK && fsync(fd) != 0)
        rc = result_of_errno();
    close(fd);
    if (rc == BMA_OK && renameat(folder->fd, fresh, folder->fd, name) != 0)
        rc = result_of_errno();
    if (rc == BMA_OK && fsync(folder->fd) != 0)
        rc = result_of_errno();
    if (rc != BMA_OK)
        unlinkat(folder->fd, fresh, 0);
    return rc;
}

int folder_remove(const struct folder *folder, const char *name)
{
    return unlinkat(folder->fd, name, 0) == 0 || errno == ENOENT ? BMA_OK : result_of_errno();
}

uint8_t *folder_load(const struct folder *folder, const char *name, size_t *len)
{
    struct stat st;
    uint8_t *data = NULL;
    int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && (data = malloc((size_t)st.st_size + 1)) != NULL) {
        *len = (size_t)st.st_size;
        if (read(fd, data, *len) != (ssize_t)*len) {
            free(data);
            data = NULL;
        }
    }
    close(fd);
    return data;
}

static void file_name(struct bma_record record, char name[NAME_LEN])
{
    const char *item = record.item < BMA_ITEMS ? item_names[record.item] : "unknown";
    switch (record.kind) {
    case BMA_RECORD_STATE:
        snprintf(name, NAME_LEN, "state");
        break;
    case BMA_RECORD_CSR:
        snprintf(name, NAME_LEN, "slot%u-csr", record.slot);
        break;
    case BMA_RECORD_ITEM:
        snprintf(name, NAME_LEN, "slot%u-%s", record.slot, item);
        break;
    case BMA_RECORD_STAGED:
        snprintf(name, NAME_LEN, "slot%u-%s.staged", record.slot, item);
        break;
    default:
        snprintf(name, NAME_LEN, "slot%u-%s.head", record.slot, item);
    }
}

static int32_t storage_size(void *user, struct bma_record record)
{
    const struct folder *folder = user;
    char name[NAME_LEN];
    struct stat st;
    file_name(record, name);
    return fstatat(folder->fd, name, &st, 0) == 0 && st.st_size <= INT32_MAX ? (int32_t)st.st_size : -1;
}

static int32_t storage_read(void *user, struct bma_record record, uint32_t off, uint8_t *into, size_t len)
{
    const struct folder *folder = user;
    char name[NAME_LEN];
    file_name(record, name);
    int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t got = pread(fd, into, len, (off_t)off);
    close(fd);
    return (int32_t)got;
}

static int storage_append(void *user, struct bma_record record, const uint8_t *data, size_t len)
{
    const struct folder *folder = user;
    char name[NAME_LEN];
    file_name(record, name);
    int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return result_of_errno();
    int rc = write_all(fd, data, len); /* not synced: bytes that a power loss takes are sent again, and the hash decides */
    close(fd);
    return rc;
}

static int storage_replace(void *user, struct bma_record record, const uint8_t *data, size_t len)
{
    char name[NAME_LEN];
    file_name(record, name);
    return folder_replace(user, name, data, len);
}

static int sync_file(const struct folder *folder, const char *name)
{
    int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return result_of_errno();
    int rc = fsync(fd) == 0 ? BMA_OK : result_of_errno();
    close(fd);
    return rc;
}

static int storage_rename(void *user, struct bma_record from, struct bma_record to)
{
    const struct folder *folder = user;
    char old_name[NAME_LEN], new_name[NAME_LEN];
    file_name(from, old_name);
    file_name(to, new_name);
    int rc = sync_file(folder, old_name); /* what takes the place of an item has to be whole on the disk */
    if (rc != BMA_OK)
        return rc;
    if (renameat(folder->fd, old_name, folder->fd, new_name) != 0)
        return result_of_errno();
    return fsync(folder->fd) == 0 ? BMA_OK : result_of_errno();
}

static int storage_remove(void *user, struct bma_record record)
{
    char name[NAME_LEN];
    file_name(record, name);
    return folder_remove(user, name);
}

struct bma_storage folder_storage(struct folder *folder)
{
    return (struct bma_storage){folder, storage_size, storage_read, storage_append, storage_replace, storage_rename, storage_remove};
}

uint8_t *record_load(const struct bma_storage *storage, struct bma_record record, size_t *len)
{
    int32_t size = storage->size(storage->user, record);
    uint8_t *data = size < 0 ? NULL : malloc((size_t)size + 1);
    if (data == NULL)
        return NULL;
    if (storage->read(storage->user, record, 0, data, (size_t)size) != size) {
        free(data);
        return NULL;
    }
    *len = (size_t)size;
    return data;
}
