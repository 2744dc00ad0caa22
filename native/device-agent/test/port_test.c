#include <mbedtls/sha256.h>

#include "../port/board.h"
#include "../port/port.h"
#include "bench_unit.h"
#include "framing.h"
#include "harness.h"

/* A board in memory, for the port that PORTING.md goes through: what a maker copies has to work. */
enum { FILES = 24, LINE_MAX = 8192 };

static struct {
    struct {
        char name[16];
        uint8_t data[BMA_ITEM_MAX];
        size_t len;
    } files[FILES];
    bool keys[BMA_SLOTS];
    uint8_t sent[LINE_MAX];
    size_t sent_len;
} board;
static mbedtls_sha256_context hash;
static struct bma_agent agent;

const char *board_serial_number(void)
{
    return "SN-0042";
}

const char *board_model(void)
{
    return "my-device";
}

const char *board_firmware(void)
{
    return "1.0.0";
}

void board_uart_send(const uint8_t *data, size_t len)
{
    CHECK(board.sent_len + len <= sizeof board.sent);
    memcpy(board.sent + board.sent_len, data, len);
    board.sent_len += len;
}

uint32_t board_milliseconds(void)
{
    return 1;
}

int board_random(uint8_t *into, size_t len)
{
    memset(into, 7, len);
    return BMA_OK;
}

static int find(const char *name)
{
    for (int i = 0; i < FILES; i++)
        if (strcmp(board.files[i].name, name) == 0)
            return i;
    return -1;
}

int32_t board_file_size(const char *name)
{
    int i = find(name);
    return i < 0 ? -1 : (int32_t)board.files[i].len;
}

int32_t board_file_read(const char *name, uint32_t off, uint8_t *into, size_t len)
{
    int i = find(name);
    if (i < 0 || off > board.files[i].len)
        return -1;
    size_t n = board.files[i].len - off < len ? board.files[i].len - off : len;
    memcpy(into, board.files[i].data + off, n);
    return (int32_t)n;
}

int board_file_append(const char *name, const uint8_t *data, size_t len)
{
    int i = find(name);
    if (i < 0)
        i = find("");
    if (i < 0 || board.files[i].len + len > BMA_ITEM_MAX)
        return BMA_STORAGE_FULL;
    snprintf(board.files[i].name, sizeof board.files[i].name, "%s", name);
    memcpy(board.files[i].data + board.files[i].len, data, len);
    board.files[i].len += len;
    return BMA_OK;
}

int board_file_remove(const char *name)
{
    int i = find(name);
    if (i >= 0)
        memset(&board.files[i], 0, sizeof board.files[i]);
    return BMA_OK;
}

int board_file_move(const char *from, const char *to)
{
    if (find(from) < 0)
        return BMA_NOT_FOUND;
    board_file_remove(to);
    snprintf(board.files[find(from)].name, sizeof board.files[0].name, "%s", to);
    return BMA_OK;
}

bool board_key_exists(uint8_t number)
{
    return board.keys[number];
}

int board_key_make(uint8_t number, const char *common_name, uint8_t *request, size_t capacity, size_t *request_len)
{
    board.keys[number] = true;
    *request_len = strlen(common_name);
    CHECK(*request_len <= capacity);
    memcpy(request, common_name, *request_len);
    return BMA_OK;
}

int board_key_forget(uint8_t number)
{
    board.keys[number] = false;
    return BMA_OK;
}

int board_key_sign(uint8_t number, const uint8_t *message, size_t len, uint8_t *signature, size_t capacity, size_t *signature_len)
{
    CHECK(board.keys[number] && len <= capacity);
    memcpy(signature, message, len);
    *signature_len = len;
    return BMA_OK;
}

int board_key_is_of(uint8_t number, const char *certificates)
{
    uint8_t head[5];
    return board_file_read(certificates, 0, head, sizeof head) == sizeof head && head[4] == number ? BMA_OK : BMA_CONTENT_REJECTED;
}

void board_sha256_start(void)
{
    mbedtls_sha256_init(&hash);
    mbedtls_sha256_starts_ret(&hash, 0);
}

void board_sha256_add(const uint8_t *data, size_t len)
{
    mbedtls_sha256_update_ret(&hash, data, len);
}

void board_sha256_finish(uint8_t digest[BMA_SHA256_LEN])
{
    mbedtls_sha256_finish_ret(&hash, digest);
}

static uint8_t framed[LINE_MAX];
static size_t framed_len;

static void keep(void *user, const uint8_t *data, size_t len)
{
    (void)user;
    memcpy(framed + framed_len, data, len);
    framed_len += len;
}

/* A request over the UART, as the station sends it; the payload of the answer that comes back over the UART. */
static struct bma_span ask(bool write, uint8_t command, const struct bma_cbor_writer *map)
{
    static struct bma_receiver receiver;
    const struct bma_uart uart = {NULL, keep};
    struct bma_span packet = {NULL, 0};
    uint8_t request[BMA_PACKET_MAX] = {write ? 0x0a : 0x08, 0, (uint8_t)(map->len >> 8), (uint8_t)map->len, 0, BMA_GROUP_PROVISION, 1, command};
    memcpy(request + BMA_SMP_HEADER_LEN, map->data, map->len);
    framed_len = board.sent_len = 0;
    bma_send_packet(&uart, request, BMA_SMP_HEADER_LEN + map->len);
    bma_receive(&agent, framed, framed_len);
    bma_receiver_init(&receiver, BMA_PACKET_MAX);
    for (size_t i = 0; i < board.sent_len; i++)
        if (bma_receiver_take(&receiver, board.sent[i], 0, &packet))
            return (struct bma_span){packet.data + BMA_SMP_HEADER_LEN, packet.len - BMA_SMP_HEADER_LEN};
    return (struct bma_span){NULL, 0};
}

static int simple(bool write, uint8_t command)
{
    uint8_t data[64];
    struct bma_cbor_writer map = {data, 0, sizeof data, false};
    bma_cbor_put_map(&map, 2);
    bma_cbor_put_text(&map, "slot");
    bma_cbor_put_uint(&map, 0);
    bma_cbor_put_text(&map, "hwid");
    bma_cbor_put_text(&map, "SN-0042");
    return bench_error(ask(write, command, &map));
}

static int make_key(void)
{
    uint8_t data[96];
    struct bma_cbor_writer map = {data, 0, sizeof data, false};
    bma_cbor_put_map(&map, 3);
    bma_cbor_put_text(&map, "slot");
    bma_cbor_put_uint(&map, 0);
    bma_cbor_put_text(&map, "alg");
    bma_cbor_put_text(&map, "ec-p256");
    bma_cbor_put_text(&map, "cn");
    bma_cbor_put_text(&map, "acme/T-1");
    return bench_error(ask(true, BMA_CMD_KEYGEN, &map));
}

static int write_item(const char *item, const uint8_t *content, size_t len)
{
    static uint8_t data[1024];
    uint8_t sha[BMA_SHA256_LEN];
    struct bma_cbor_writer map = {data, 0, sizeof data, false};
    bench_sha256(content, len, sha);
    bma_cbor_put_map(&map, 6);
    bma_cbor_put_text(&map, "slot");
    bma_cbor_put_uint(&map, 0);
    bma_cbor_put_text(&map, "item");
    bma_cbor_put_text(&map, item);
    bma_cbor_put_text(&map, "off");
    bma_cbor_put_uint(&map, 0);
    bma_cbor_put_text(&map, "len");
    bma_cbor_put_uint(&map, (uint32_t)len);
    bma_cbor_put_text(&map, "data");
    bma_cbor_put_bytes(&map, content, len);
    bma_cbor_put_text(&map, "sha");
    bma_cbor_put_bytes(&map, sha, sizeof sha);
    return bench_error(ask(true, BMA_CMD_WRITE, &map));
}

void test_port(void)
{
    uint8_t item[512];
    CHECK_INT(port_start(&agent), BMA_OK);
    CHECK_INT(make_key(), 0);
    CHECK_INT(write_item("cert", item, bench_certificate(1, 300, item)), BMA_CONTENT_REJECTED); /* another key's */
    CHECK_INT(write_item("cert", item, bench_certificate(0, 300, item)), 0);
    CHECK_INT(write_item("ca", item, bench_certificate(9, 300, item)), 0);
    CHECK_INT(simple(true, BMA_CMD_ACTIVATE), BMA_NOT_FOUND);
    CHECK_INT(write_item("broker", item, bench_broker(item, sizeof item)), 0);
    CHECK_INT(simple(false, BMA_CMD_DIGEST), 0);
    CHECK_INT(simple(true, BMA_CMD_ACTIVATE), 0);
    CHECK_INT(simple(true, BMA_CMD_LOCK), 0);
    CHECK_INT(simple(true, BMA_CMD_SELFTEST), BMA_UNSUPPORTED);
    CHECK_INT(port_start(&agent), BMA_OK); /* after a restart */
    CHECK_INT(agent.active, 0);
    CHECK_INT(simple(true, BMA_CMD_ERASE), BMA_LOCKED);
}
