"""A program on a terminal of its own, for tests: pty_program.py LINK PROGRAM [ARGUMENT ...]

LINK becomes a serial port: what is written to it is typed on the program's terminal, and what the terminal shows comes out of it.
Ends when its standard input ends; the program is started again when it exits, as init does with a getty.
"""

import os
import pty
import selectors
import signal
import sys
import tty


def start(program: list[str]) -> tuple[int, int]:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(program[0], program)
    return pid, terminal


def main() -> None:
    link, *program = sys.argv[1:]
    port, near = os.openpty()
    tty.setraw(near)
    os.symlink(os.ttyname(near), link)
    sys.stderr.write("READY\n")
    sys.stderr.flush()
    pid, terminal = start(program)
    waiting = selectors.DefaultSelector()
    waiting.register(0, selectors.EVENT_READ)
    waiting.register(port, selectors.EVENT_READ)
    waiting.register(terminal, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            try:
                data = os.read(key.fd, 65536)
            except OSError:
                data = b""
            if key.fd == 0 and not data:
                os.kill(pid, signal.SIGHUP)
                return
            if key.fd == terminal and not data:
                waiting.unregister(terminal)
                os.close(terminal)
                os.waitpid(pid, 0)
                pid, terminal = start(program)
                waiting.register(terminal, selectors.EVENT_READ)
            elif key.fd == port:
                os.write(terminal, data)
            elif key.fd == terminal:
                os.write(port, data)


main()
