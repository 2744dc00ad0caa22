/* The state folder: small files with mode 0600, replaced atomically. */
#ifndef HOST_FOLDER_H
#define HOST_FOLDER_H

#include "birthmark_agent.h"

struct folder {
    int fd;
};

/** Opens the folder, making it with mode 0700 where it is missing; false with errno. */
bool folder_open(struct folder *folder, const char *path);
void folder_close(struct folder *folder);

/** BMA_OK, BMA_STORAGE_FULL or BMA_UNKNOWN; durable when it returns. */
int folder_replace(const struct folder *folder, const char *name, const uint8_t *data, size_t len);
int folder_remove(const struct folder *folder, const char *name);
/** Whole content, from malloc; NULL when it is not there. */
uint8_t *folder_load(const struct folder *folder, const char *name, size_t *len);

/** The storage table of the core over a folder. */
struct bma_storage folder_storage(struct folder *folder);

/** Whole record through any storage table, from malloc; NULL when it is not there. */
uint8_t *record_load(const struct bma_storage *storage, struct bma_record record, size_t *len);

#endif
