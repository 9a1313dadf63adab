// Commands that do something to the machine: burn, fill, fork, write, sleep, die.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static struct timespec span(const char *seconds) {
  double value = atof(seconds);
  if (value < 0) value = 0;
  struct timespec time = {.tv_sec = (time_t)value};
  time.tv_nsec = (long)((value - (double)time.tv_sec) * 1e9);
  return time;
}

static void rest(struct timespec time) {
  while (nanosleep(&time, &time) != 0 && errno == EINTR) continue;
}

static long long milliseconds(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) return 0;
  return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static int exit_command(int argc, char **argv) {
  if (argc != 2) return usage("exit N");
  return atoi(argv[1]);
}

static int kill_self(int argc, char **argv) {
  int number = argc == 2 ? signal_number(argv[1]) : 0;
  if (number == 0) return usage("kill-self SIGNAL");
  if (kill(getpid(), number) != 0) return fail("kill");
  // Reached when the signal is ignored, or this is pid 1, which the kernel shields from its own signals.
  json_open('{');
  json_pair_string("survived", signal_name(number));
  json_close('}');
  return 0;
}

// Answers before it sleeps, so a test can wait for the line and know that the command runs.
static int sleep_command(int argc, char **argv) {
  if (argc != 2) return usage("sleep SECONDS");
  json_open('{');
  json_pair_number("pid", getpid());
  json_key("sleeping");
  struct timespec time = span(argv[1]);
  json_seconds(time.tv_sec, time.tv_nsec);
  json_close('}');
  json_flush();
  rest(time);
  return 0;
}

static int spin(int argc, char **argv) {
  if (argc != 2) return usage("spin SECONDS");
  struct timespec time = span(argv[1]);
  long long wanted = time.tv_sec * 1000ll + time.tv_nsec / 1000000;
  long long wall = milliseconds(CLOCK_MONOTONIC), cpu = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
  while (milliseconds(CLOCK_MONOTONIC) - wall < wanted) {
    for (volatile int i = 0; i < 100000; i++) continue;
  }
  json_open('{');
  json_pair_number("wallMs", milliseconds(CLOCK_MONOTONIC) - wall);
  json_pair_number("cpuMs", milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
  json_close('}');
  return 0;
}

static int hog(int argc, char **argv) {
  if (argc < 2 || argc > 3) return usage("hog MIB [HOLD_SECONDS]");
  size_t length = (size_t)atoll(argv[1]) << 20;
  char *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return fail("mmap");
  // Ones, not zeros: same-page merging and the zero page must not make it cheaper.
  for (size_t at = 0; at < length; at += 4096) memory[at] = (char)(1 + at / 4096 % 255);
  json_open('{');
  json_pair_number("mib", atoll(argv[1]));
  json_close('}');
  if (argc == 3) {
    json_flush();
    rest(span(argv[2]));
  }
  return 0;
}

static void wait_to_be_killed(pid_t parent) {
  // The bomb must not outlive its bomber, even when that one is killed.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(1);
  for (;;) pause();
}

static int fork_bomb(int argc, char **argv) {
  int wanted = argc == 2 ? atoi(argv[1]) : 0, forked = 0, number = 0;
  if (wanted <= 0) return usage("fork-bomb N");
  pid_t parent = getpid();
  pid_t *children = calloc((size_t)wanted, sizeof *children);
  if (children == NULL) return fail("calloc");
  for (; forked < wanted; forked++) {
    pid_t child = fork();
    if (child == 0) wait_to_be_killed(parent);
    if (child < 0) {
      number = errno;
      break;
    }
    children[forked] = child;
  }
  for (int i = 0; i < forked; i++) kill(children[i], SIGKILL);
  for (int i = 0; i < forked; i++) {
    while (waitpid(children[i], NULL, 0) < 0 && errno == EINTR) continue;
  }
  free(children);
  json_open('{');
  json_pair_number("forked", forked);
  json_pair_string("errno", number == 0 ? NULL : errno_name(number));
  json_close('}');
  return 0;
}

// A child that leaves a grandchild behind, which ends at once; whoever adopted it has to reap it.
static pid_t orphan(void) {
  int channel[2];
  pid_t grandchild = -1;
  if (pipe(channel) != 0) return -1;
  pid_t child = fork();
  if (child == 0) {
    pid_t made = fork();
    if (made == 0) _exit(0);
    ssize_t written = write(channel[1], &made, sizeof made);
    _exit(written == sizeof made ? 0 : 1);
  }
  close(channel[1]);
  if (child > 0) {
    if (read(channel[0], &grandchild, sizeof grandchild) != sizeof grandchild) grandchild = -1;
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
  }
  close(channel[0]);
  return grandchild;
}

static int zombies(int argc, char **argv) {
  int wanted = argc == 2 ? atoi(argv[1]) : 0, made = 0, left = 0;
  if (wanted <= 0) return usage("zombies N");
  pid_t *pids = calloc((size_t)wanted, sizeof *pids);
  if (pids == NULL) return fail("calloc");
  for (; made < wanted; made++) {
    pids[made] = orphan();
    if (pids[made] < 0) break;
  }
  rest(span("0.2"));
  // They have all ended by now: one that can still be signalled is a zombie. Works without /proc.
  for (int i = 0; i < made; i++) {
    if (kill(pids[i], 0) == 0 || errno == EPERM) left++;
  }
  free(pids);
  json_open('{');
  json_pair_number("orphans", made);
  json_pair_number("zombies", left);
  json_close('}');
  return 0;
}

static int write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, bytes, length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    bytes += n;
    length -= (size_t)n;
  }
  return 0;
}

static int out(int argc, char **argv) {
  static char block[65536];
  if (argc < 2 || argc > 3) return usage("out BYTES [stderr]");
  int fd = argc == 3 && strcmp(argv[2], "stderr") == 0 ? STDERR_FILENO : STDOUT_FILENO;
  // Lines of 64 bytes, so that readers by line see ordinary text.
  for (size_t i = 0; i < sizeof block; i++) block[i] = i % 64 == 63 ? '\n' : (char)('a' + i % 26);
  for (size_t left = (size_t)atoll(argv[1]); left > 0;) {
    size_t length = left < sizeof block ? left : sizeof block;
    if (write_all(fd, block, length) != 0) return 1;
    left -= length;
  }
  return 0;
}

static int cat(int argc, char **argv) {
  static char block[65536];
  (void)argc, (void)argv;
  for (;;) {
    ssize_t n = read(STDIN_FILENO, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return 1;
    if (n == 0) return 0;
    if (write_all(STDOUT_FILENO, block, (size_t)n) != 0) return 1;
  }
}

// Any syscall with numbers as arguments, to see what a filter answers.
static int syscall_command(int argc, char **argv) {
  if (argc < 2 || argc > 8) return usage("syscall NUMBER [ARGUMENT]...");
  long values[7] = {0};
  for (int i = 1; i < argc; i++) values[i - 1] = strtol(argv[i], NULL, 0);
  long result = syscall(values[0], values[1], values[2], values[3], values[4], values[5], values[6]);
  int number = errno;
  json_open('{');
  json_pair_number("result", result);
  json_pair_string("errno", result == -1 ? errno_name(number) : NULL);
  json_close('}');
  return 0;
}

const struct command load_commands[] = {
    {"exit", exit_command}, {"kill-self", kill_self}, {"sleep", sleep_command}, {"spin", spin},
    {"hog", hog},           {"fork-bomb", fork_bomb}, {"zombies", zombies},     {"out", out},
    {"cat", cat},           {"syscall", syscall_command}, {NULL, NULL},
};
