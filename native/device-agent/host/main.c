/* The host build: the device agent as a process behind a pty (PROTOCOL.md, "Host build"). */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

enum { EXIT_DIED = 9, REPLUG_MS = 500, LINGER_MS = 50, IDLE_MS = 10, NOISE_MS = 50, FLOOD_MS = 4 }; /* 4096 bytes each time: 1 MB/s */

static volatile sig_atomic_t ending;

static void on_signal(int number)
{
    (void)number;
    ending = 1;
}

static void usage(FILE *out)
{
    fputs("usage: device-agent --state DIR --hwid ID [--model M] [--fw V] [--link PATH] [--fault NAME[=VALUE]]...\n"
          "Opens a pty, prints READY <pty>, and serves until standard input ends or SIGTERM.\n"
          "  --state DIR    where keys, items and the lock are kept (made with mode 0700)\n"
          "  --hwid ID      hardware id, at most 64 bytes\n"
          "  --model M      default birthmark-reference\n"
          "  --fw V         default 1.0.0\n"
          "  --link PATH    symbolic link to the pty, there for as long as the unit is plugged\n"
          "Faults:\n",
          out);
    fputs(faults_help, out);
}

/* Waits for the line, for the pace, or for the end; true when the process has to end. */
static bool wait_for_work(const struct unit *unit, const sigset_t *while_waiting)
{
    int64_t timeout_ns;
    short events = link_wait(&unit->link, &timeout_ns);
    bool connected = link_connected(&unit->link);
    if (!connected) /* a hung-up master is always ready */
        timeout_ns = IDLE_MS * INT64_C(1000000);
    else if (unit->faults->flood && timeout_ns < 0)
        timeout_ns = FLOOD_MS * INT64_C(1000000);
    else if (unit->faults->noise && timeout_ns < 0)
        timeout_ns = NOISE_MS * INT64_C(1000000);
    struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {connected ? unit->link.master : -1, events, 0}};
    struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    ppoll(fds, 2, timeout_ns < 0 ? NULL : &timeout, while_waiting);
    if (fds[0].revents != 0) {
        char ignored[256];
        ssize_t n = read(STDIN_FILENO, ignored, sizeof ignored);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
            return true;
    }
    return ending != 0;
}

static void pause_ms(long ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static bool plug(struct unit *unit, const struct unit_settings *settings, bool armed)
{
    if (!unit_on(unit, settings, armed))
        return false;
    printf("READY %s\n", unit->link.pty);
    fflush(stdout);
    return true;
}

static int serve(struct unit_settings *settings, const sigset_t *while_waiting)
{
    static struct unit unit;
    char other_state[4096];
    if (!plug(&unit, settings, true))
        return EXIT_FAILURE;
    while (!wait_for_work(&unit, while_waiting)) {
        enum fault_event event = unit_step(&unit);
        if (event == FAULT_NONE)
            continue;
        if (event == FAULT_DIE) {
            link_close(&unit.link); /* a unit without power has no port */
            _exit(EXIT_DIED);
        }
        if (event == FAULT_SWAP) {
            pause_ms(LINGER_MS); /* its last answer gets through */
            snprintf(other_state, sizeof other_state, "%s/swapped", settings->state);
            settings->state = other_state;
            settings->identity.hardware_id = settings->faults->swap_on_replug;
        }
        unit_off(&unit);
        pause_ms(REPLUG_MS);
        if (!plug(&unit, settings, false))
            return EXIT_FAILURE;
    }
    unit_off(&unit);
    return EXIT_SUCCESS;
}

/* Signals arrive only while waiting, so that none is missed. */
static void prepare_signals(sigset_t *while_waiting)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGHUP);
    sigprocmask(SIG_BLOCK, &blocked, while_waiting);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"state", required_argument, NULL, 's'}, {"hwid", required_argument, NULL, 'i'},  {"model", required_argument, NULL, 'm'},
        {"fw", required_argument, NULL, 'v'},    {"link", required_argument, NULL, 'l'},  {"fault", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0},
    };
    struct faults faults;
    struct unit_settings settings = {NULL, {NULL, "birthmark-reference", "1.0.0"}, NULL, &faults};
    int option;
    faults_init(&faults);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's':
            settings.state = optarg;
            break;
        case 'i':
            settings.identity.hardware_id = optarg;
            break;
        case 'm':
            settings.identity.model = optarg;
            break;
        case 'v':
            settings.identity.firmware = optarg;
            break;
        case 'l':
            settings.link_path = optarg;
            break;
        case 'f':
            if (!faults_set(&faults, optarg)) {
                fprintf(stderr, "device-agent: no such fault, or not with this value: %s\n", optarg);
                return 2;
            }
            break;
        case 'h':
            usage(stdout);
            return EXIT_SUCCESS;
        default:
            usage(stderr);
            return 2;
        }
    }
    const struct bma_identity *id = &settings.identity;
    if (settings.state == NULL || id->hardware_id == NULL || optind != argc || strlen(id->hardware_id) > BMA_NAME_MAX ||
        strlen(id->model) > BMA_NAME_MAX || strlen(id->firmware) > BMA_NAME_MAX) {
        usage(stderr);
        return 2;
    }
    sigset_t while_waiting;
    prepare_signals(&while_waiting);
    return serve(&settings, &while_waiting);
}
