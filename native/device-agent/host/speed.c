/* Apart from link.c because the kernel's termios2, which knows every speed as a number, clashes with the C library's termios.h. */
#include <asm/termbits.h>
#include <asm/ioctls.h>

#include "link.h"

int ioctl(int fd, unsigned long request, ...);

uint32_t link_speed(const struct link *link)
{
    struct termios2 line;
    return ioctl(link->master, TCGETS2, &line) == 0 ? line.c_ospeed : 0;
}
