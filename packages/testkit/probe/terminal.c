// Commands about what reaches a process from outside while it runs: the terminal, window sizes, signals.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "probe.h"

static int terminal_fd(void) {
  for (int fd = 0; fd <= 2; fd++) {
    if (isatty(fd)) return fd;
  }
  return -1;
}

static void window_size(int fd) {
  struct winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) != 0) memset(&size, 0, sizeof size);
  json_pair_number("rows", size.ws_row);
  json_pair_number("columns", size.ws_col);
}

// `tty watch [COUNT]`: the size now, then one line for each change; ends after COUNT changes.
static int watch(int changes) {
  int fd = terminal_fd();
  sigset_t set;
  if (fd < 0) return usage("tty watch [COUNT], with a terminal as stdin, stdout or stderr");
  sigemptyset(&set);
  sigaddset(&set, SIGWINCH);
  // Blocked before the first line: a resize that follows the line can't be missed.
  if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return fail("rt_sigprocmask");
  for (int seen = 0;; seen++) {
    json_open('{');
    window_size(fd);
    json_close('}');
    json_flush();
    if (seen == changes) return 0;
    while (sigwaitinfo(&set, NULL) < 0 && errno == EINTR) continue;
  }
}

static int tty(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "watch") == 0) return watch(argc > 2 ? atoi(argv[2]) : -1);
  char name[256];
  int fd = terminal_fd();
  int controlling = open("/dev/tty", O_RDWR | O_CLOEXEC);
  json_open('{');
  json_pair_bool("stdin", isatty(0));
  json_pair_bool("stdout", isatty(1));
  json_pair_bool("stderr", isatty(2));
  window_size(fd);
  json_pair_string("name", fd >= 0 && ttyname_r(fd, name, sizeof name) == 0 ? name : NULL);
  json_pair_bool("controlling", fd >= 0 && tcgetsid(fd) == getsid(0));
  json_pair_bool("devTtyOpens", controlling >= 0);
  json_pair_number("foregroundGroup", fd >= 0 ? tcgetpgrp(fd) : -1);
  json_close('}');
  if (controlling >= 0) close(controlling);
  return 0;
}

static void answer_signal(int number) {
  json_string(signal_name(number));
  json_flush();
  _exit(0);
}

// Prints "ready", then the name of the signal; nothing else runs, so the handler may write.
static int trap(int argc, char **argv) {
  int number = argc == 2 ? signal_number(argv[1]) : 0;
  if (number == 0) return usage("trap SIGNAL");
  sigset_t wanted, before;
  struct sigaction action = {.sa_handler = answer_signal};
  sigemptyset(&wanted);
  sigaddset(&wanted, number);
  // Held back until the line is out: the handler uses the same buffer.
  if (sigprocmask(SIG_BLOCK, &wanted, &before) != 0) return fail("rt_sigprocmask");
  if (sigaction(number, &action, NULL) != 0) return fail("rt_sigaction");
  json_string("ready");
  json_flush();
  sigdelset(&before, number);
  for (;;) sigsuspend(&before);
}

const struct command terminal_commands[] = {{"tty", tty}, {"trap", trap}, {NULL, NULL}};
