/* The board of board.h: an MPS2 with the image AN385, as QEMU emulates it. Its files are in memory, so it is a new unit after each power cycle. */
#include <stdint.h>
#include <string.h>

#include "../../port/board.h"
#include "semihosting.h"

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
/* CMSDK APB UART 0 (Arm DDI 0479). */
#define UART_DATA REGISTER(0x40004000)
#define UART_STATE REGISTER(0x40004004)
#define UART_CONTROL REGISTER(0x40004008)
#define UART_DIVIDER REGISTER(0x40004010)
#define SYSTICK_CONTROL REGISTER(0xE000E010)
#define SYSTICK_RELOAD REGISTER(0xE000E014)
#define SYSTICK_VALUE REGISTER(0xE000E018)

enum { CLOCK_HZ = 25000000, BAUD = 115200, SENDING_FULL = 1, RECEIVED = 2, SEND_AND_RECEIVE = 3, TICK_WITH_INTERRUPT = 7 };
enum { FILES = 32, NAME_MAX = 24 };

static struct {
    char name[NAME_MAX];
    uint32_t len;
    uint8_t data[BMA_ITEM_MAX];
} files[FILES];
static volatile uint32_t milliseconds;
static char serial_number[BMA_NAME_MAX + 1];

void tick(void);
void tick(void)
{
    milliseconds++;
}

void board_start(void)
{
    UART_DIVIDER = CLOCK_HZ / BAUD;
    UART_CONTROL = SEND_AND_RECEIVE;
    SYSTICK_RELOAD = CLOCK_HZ / 1000 - 1;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = TICK_WITH_INTERRUPT;
    semihosting_last_word(serial_number, sizeof serial_number);
}

/* A real board has it in a fuse; the emulated one is told on its command line. */
const char *board_serial_number(void)
{
    return serial_number;
}

const char *board_model(void)
{
    return "MPS2 AN385";
}

const char *board_firmware(void)
{
    return "1.0.0";
}

void board_uart_send(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        while (UART_STATE & SENDING_FULL)
            ;
        UART_DATA = data[i];
    }
}

size_t board_uart_receive(uint8_t *byte)
{
    if (!(UART_STATE & RECEIVED))
        return 0;
    *byte = (uint8_t)UART_DATA;
    return 1;
}

uint32_t board_milliseconds(void)
{
    return milliseconds;
}

static int find(const char *name)
{
    for (int i = 0; i < FILES; i++)
        if (strcmp(files[i].name, name) == 0)
            return i;
    return -1;
}

int32_t board_file_size(const char *name)
{
    int i = find(name);
    return i < 0 ? -1 : (int32_t)files[i].len;
}

int32_t board_file_read(const char *name, uint32_t off, uint8_t *into, size_t len)
{
    int i = find(name);
    if (i < 0 || off > files[i].len)
        return -1;
    size_t n = files[i].len - off < len ? files[i].len - off : len;
    memcpy(into, files[i].data + off, n);
    return (int32_t)n;
}

int board_file_append(const char *name, const uint8_t *data, size_t len)
{
    int i = find(name);
    if (i < 0)
        i = find("");
    if (i < 0 || strlen(name) >= NAME_MAX || files[i].len + len > sizeof files[i].data)
        return BMA_STORAGE_FULL;
    memcpy(files[i].name, name, strlen(name) + 1);
    memcpy(files[i].data + files[i].len, data, len);
    files[i].len += len;
    return BMA_OK;
}

int board_file_remove(const char *name)
{
    int i = find(name);
    if (i >= 0)
        memset(&files[i], 0, sizeof files[i]);
    return BMA_OK;
}

int board_file_move(const char *from, const char *to)
{
    if (find(from) < 0)
        return BMA_NOT_FOUND;
    board_file_remove(to);
    memcpy(files[find(from)].name, to, strlen(to) + 1);
    return BMA_OK;
}
