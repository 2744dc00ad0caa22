"""The far end of a pseudo terminal, for tests: Node cannot open one.

pty_peer.py bridge LINK   stdin goes to the line, what the line says comes to stdout; the line hangs up when this ends
pty_peer.py deaf LINK     takes no byte
pty_peer.py printer LINK  says what comes on stdin again and again, and passes over whatever it is told
pty_peer.py speed PATH    prints the speed that the line is set to
pty_peer.py flags PATH    prints its control flags (termios)
"""

import fcntl
import os
import selectors
import struct
import sys
import termios
import tty

TCGETS2 = 0x802C542A


def main() -> None:
    mode, path = sys.argv[1:3]
    if mode == "speed":
        line = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        settings = fcntl.ioctl(line, TCGETS2, bytes(44))
        print(struct.unpack("IIIIB19sII", settings)[-1])
        return
    if mode == "flags":
        line = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        print(termios.tcgetattr(line)[2])
        return
    master, slave = os.openpty()
    tty.setraw(slave)
    if os.path.lexists(path):
        os.unlink(path)
    os.symlink(os.ttyname(slave), path)
    sys.stderr.write("READY\n")
    sys.stderr.flush()
    # The slave stays open here: reading the line must not fail while nobody else has it open.
    waiting = selectors.DefaultSelector()
    waiting.register(0, selectors.EVENT_READ)
    if mode != "deaf":
        waiting.register(master, selectors.EVENT_READ)
    text = b""
    while True:
        ready = waiting.select(0.01 if mode == "printer" else None)
        if mode == "printer" and not ready:
            os.write(master, text)
        for key, _ in ready:
            data = os.read(key.fd, 65536)
            if mode == "printer" and data:
                text = data if key.fd == 0 else text
                continue
            if key.fd == 0 and not data:
                return
            if key.fd == 0:
                os.write(master, data)
            else:
                os.write(1, data)


main()
