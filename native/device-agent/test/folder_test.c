#define _GNU_SOURCE
#include "folder.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto.h"
#include "harness.h"

static const struct bma_record staged = {BMA_RECORD_STAGED, 1, BMA_ITEM_CA}, committed = {BMA_RECORD_ITEM, 1, BMA_ITEM_CA};

static void keeps_records(struct folder *folder)
{
    const struct bma_storage storage = folder_storage(folder);
    uint8_t back[16];
    CHECK_INT(storage.size(folder, staged), -1);
    CHECK_INT(storage.remove(folder, staged), BMA_OK);
    CHECK_INT(storage.append(folder, staged, (const uint8_t *)"abc", 3), BMA_OK);
    CHECK_INT(storage.append(folder, staged, (const uint8_t *)"defg", 4), BMA_OK);
    CHECK_INT(storage.size(folder, staged), 7);
    CHECK_INT(storage.read(folder, staged, 2, back, 3), 3);
    CHECK(memcmp(back, "cde", 3) == 0);
    CHECK_INT(storage.read(folder, staged, 7, back, 3), 0);
    CHECK_INT(storage.replace(folder, committed, (const uint8_t *)"old", 3), BMA_OK);
    CHECK_INT(storage.rename(folder, staged, committed), BMA_OK);
    CHECK_INT(storage.size(folder, staged), -1);
    CHECK_INT(storage.size(folder, committed), 7);
}

static void makes_real_keys(struct folder *folder)
{
    struct crypto crypto;
    const struct bma_random random = random_table();
    uint8_t csr[BMA_SCRATCH_MAX], signature[BMA_SIGNATURE_MAX];
    size_t csr_len, signature_len;
    crypto_init(&crypto, folder, false);
    const struct bma_crypto table = crypto_table(&crypto);
    CHECK(!table.has_key(&crypto, 0));
    for (int algorithm = BMA_EC_P256; algorithm <= BMA_RSA_2048; algorithm++) {
        CHECK_INT(table.generate(&crypto, &random, 0, (enum bma_algorithm)algorithm, "acme/T2, not a second name", csr, sizeof csr, &csr_len), BMA_OK);
        CHECK(memmem(csr, csr_len, "acme/T2, not a second name", 26) != NULL);
        CHECK_INT(table.sign(&crypto, &random, 0, (const uint8_t *)"m", 1, signature, sizeof signature, &signature_len), BMA_OK);
        CHECK(algorithm == BMA_RSA_2048 ? signature_len == 256 : signature_len > 60 && signature_len <= 72);
    }
    CHECK_INT(table.sign(&crypto, &random, 1, (const uint8_t *)"m", 1, signature, sizeof signature, &signature_len), BMA_NO_KEY);
    CHECK_INT(table.forget(&crypto, 0), BMA_OK);
    CHECK(!table.has_key(&crypto, 0));
    CHECK_INT(table.generate(&crypto, &random, 1, BMA_EC_P256, "stays, for its file mode", csr, sizeof csr, &csr_len), BMA_OK);
    crypto_free(&crypto);
}

/* Leaves the folder empty and looks at what was in it: nothing but its owner may read it. */
static void is_private(struct folder *folder)
{
    struct stat st;
    CHECK(fstat(folder->fd, &st) == 0 && (st.st_mode & 0777) == 0700);
    DIR *entries = fdopendir(dup(folder->fd));
    rewinddir(entries);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        CHECK(fstatat(folder->fd, entry->d_name, &st, 0) == 0 && (st.st_mode & 0777) == 0600);
        CHECK(strstr(entry->d_name, ".new") == NULL);
        unlinkat(folder->fd, entry->d_name, 0);
    }
    closedir(entries);
}

void test_folder(void)
{
    char parent[] = "/tmp/device-agent-XXXXXX", path[64];
    struct folder folder;
    CHECK(mkdtemp(parent) != NULL);
    snprintf(path, sizeof path, "%s/state", parent);
    CHECK(folder_open(&folder, path));
    keeps_records(&folder);
    makes_real_keys(&folder);
    is_private(&folder);
    folder_close(&folder);
    rmdir(path);
    rmdir(parent);
}
