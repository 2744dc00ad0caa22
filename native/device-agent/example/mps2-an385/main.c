/* The agent on the emulated board: port/ as it stands, with Mbed TLS's PSA Crypto for the keys. */
#include <mbedtls/memory_buffer_alloc.h>
#include <psa/crypto.h>
#include <psa/internal_trusted_storage.h>
#include <string.h>

#include "../../port/board.h"
#include "../../port/port.h"
#include "semihosting.h"

void board_start(void);
size_t board_uart_receive(uint8_t *byte);

static struct bma_agent agent;
static unsigned char heap[32 * 1024];

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context, uint8_t *output, size_t output_size,
                                             size_t *output_length)
{
    (void)context;
    *output_length = output_size;
    return semihosting_random(output, output_size) ? PSA_SUCCESS : PSA_ERROR_INSUFFICIENT_ENTROPY;
}

/* PSA Internal Trusted Storage on the board's files: where Mbed TLS keeps persistent keys. */
enum { FILE_NAME_LEN = 20 };

static void name_of(psa_storage_uid_t uid, char name[FILE_NAME_LEN])
{
    memcpy(name, "psa", 3);
    for (int i = 0; i < 16; i++)
        name[3 + i] = "0123456789abcdef"[(uint32_t)(i < 8 ? uid >> 32 : uid) >> (4 * (7 - i % 8)) & 15];
    name[FILE_NAME_LEN - 1] = 0;
}

psa_status_t psa_its_set(psa_storage_uid_t uid, uint32_t data_length, const void *p_data, psa_storage_create_flags_t create_flags)
{
    char name[FILE_NAME_LEN];
    (void)create_flags;
    name_of(uid, name);
    board_file_remove("psa-new");
    if (board_file_append("psa-new", p_data, data_length) != BMA_OK || board_file_move("psa-new", name) != BMA_OK)
        return PSA_ERROR_INSUFFICIENT_STORAGE;
    return PSA_SUCCESS;
}

psa_status_t psa_its_get(psa_storage_uid_t uid, uint32_t data_offset, uint32_t data_length, void *p_data, size_t *p_data_length)
{
    char name[FILE_NAME_LEN];
    name_of(uid, name);
    int32_t n = board_file_read(name, data_offset, p_data, data_length);
    *p_data_length = n < 0 ? 0 : (size_t)n;
    return n < 0 ? PSA_ERROR_DOES_NOT_EXIST : PSA_SUCCESS;
}

psa_status_t psa_its_get_info(psa_storage_uid_t uid, struct psa_storage_info_t *p_info)
{
    char name[FILE_NAME_LEN];
    name_of(uid, name);
    int32_t size = board_file_size(name);
    if (size < 0)
        return PSA_ERROR_DOES_NOT_EXIST;
    *p_info = (struct psa_storage_info_t){.size = (uint32_t)size, .flags = 0};
    return PSA_SUCCESS;
}

psa_status_t psa_its_remove(psa_storage_uid_t uid)
{
    char name[FILE_NAME_LEN];
    name_of(uid, name);
    if (board_file_size(name) < 0)
        return PSA_ERROR_DOES_NOT_EXIST;
    board_file_remove(name);
    return PSA_SUCCESS;
}

int main(void)
{
    board_start();
    mbedtls_memory_buffer_alloc_init(heap, sizeof heap);
    if (psa_crypto_init() != PSA_SUCCESS || port_start(&agent) != BMA_OK)
        return 1; /* does not serve */
    for (;;) {
        uint8_t byte;
        if (board_uart_receive(&byte) > 0)
            bma_receive(&agent, &byte, 1);
    }
}
