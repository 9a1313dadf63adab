// Commands about the state a process was started with: arguments, environment, signals, limits, session.
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

extern char **environ;

static int args(int argc, char **argv) {
  json_open('{');
  json_key("args");
  json_open('[');
  for (int i = 1; i < argc; i++) json_string(argv[i]);
  json_close(']');
  json_close('}');
  return 0;
}

static int env(int argc, char **argv) {
  (void)argc, (void)argv;
  json_open('{');
  for (char **entry = environ; *entry != NULL; entry++) {
    char *equals = strchr(*entry, '=');
    if (equals == NULL) {
      json_pair_string(*entry, NULL);
      continue;
    }
    *equals = '\0';
    json_pair_string(*entry, equals + 1);
    *equals = '=';
  }
  json_close('}');
  return 0;
}

static int cwd(int argc, char **argv) {
  (void)argc, (void)argv;
  char path[4096];
  // Not libc's getcwd: only the kernel's own answer shows "(unreachable)", a directory outside the root.
  if (syscall(SYS_getcwd, path, sizeof path) < 0) return fail("getcwd");
  json_open('{');
  json_pair_string("cwd", path);
  json_close('}');
  return 0;
}

// Signals 1 to 64; libc hides 32 and 33 for its threads, the kernel doesn't.
static void signal_list(const char *key, unsigned long long set) {
  json_key(key);
  json_open('[');
  for (int number = 1; number <= 64; number++) {
    if (set >> (number - 1) & 1) json_string(signal_name(number));
  }
  json_close(']');
}

static int signals(int argc, char **argv) {
  (void)argc, (void)argv;
  unsigned long long blocked = 0, pending = 0, ignored = 0, caught = 0;
  if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof blocked) != 0) return fail("rt_sigprocmask");
  if (syscall(SYS_rt_sigpending, &pending, sizeof pending) != 0) return fail("rt_sigpending");
  for (int number = 1; number <= 64; number++) {
    // The kernel's struct sigaction starts with the handler on every architecture.
    unsigned long action[8] = {0};
    if (syscall(SYS_rt_sigaction, number, NULL, action, sizeof blocked) != 0) continue;
    if (action[0] == (unsigned long)SIG_IGN) ignored |= 1ull << (number - 1);
    else if (action[0] != (unsigned long)SIG_DFL) caught |= 1ull << (number - 1);
  }
  json_open('{');
  signal_list("ignored", ignored);
  signal_list("blocked", blocked);
  signal_list("caught", caught);
  signal_list("pending", pending);
  json_close('}');
  return 0;
}

static const char *const limit_names[] = {"cpu",    "fsize",  "data",    "stack",      "core",     "rss",  "nproc",  "nofile",
                                          "memlock", "as",    "locks",   "sigpending", "msgqueue", "nice", "rtprio", "rttime"};

static void limit_value(const char *key, rlim_t value) {
  json_key(key);
  if (value == RLIM_INFINITY) json_string("unlimited");
  else json_number((long long)value);
}

static int rlimits(int argc, char **argv) {
  (void)argc, (void)argv;
  json_open('{');
  // The order of the names is the order of the RLIMIT_ numbers on x86-64 and arm64.
  for (int i = 0; i < (int)(sizeof limit_names / sizeof *limit_names); i++) {
    struct rlimit limit;
    if (getrlimit(i, &limit) != 0) return fail("getrlimit");
    json_key(limit_names[i]);
    json_open('{');
    limit_value("soft", limit.rlim_cur);
    limit_value("hard", limit.rlim_max);
    json_close('}');
  }
  json_close('}');
  return 0;
}

static int umask_command(int argc, char **argv) {
  (void)argc, (void)argv;
  char text[8];
  mode_t mask = umask(0);
  umask(mask);
  snprintf(text, sizeof text, "%04o", mask);
  json_open('{');
  json_pair_string("umask", text);
  json_close('}');
  return 0;
}

static int session(int argc, char **argv) {
  (void)argc, (void)argv;
  int death_signal = 0, subreaper = 0;
  if (prctl(PR_GET_PDEATHSIG, &death_signal) != 0) return fail("prctl");
  if (prctl(PR_GET_CHILD_SUBREAPER, &subreaper) != 0) return fail("prctl");
  json_open('{');
  json_pair_number("pid", getpid());
  json_pair_number("ppid", getppid());
  json_pair_number("sid", getsid(0));
  json_pair_number("pgid", getpgid(0));
  json_pair_string("parentDeathSignal", death_signal == 0 ? NULL : signal_name(death_signal));
  json_pair_bool("subreaper", subreaper != 0);
  json_pair_number("nice", getpriority(PRIO_PROCESS, 0));
  json_close('}');
  return 0;
}

static int is_pid(const struct dirent *entry) { return isdigit((unsigned char)entry->d_name[0]); }

// The state and parent stand behind the last ')': a process may put any character into its own name.
static void process_row(const char *pid) {
  char path[300];
  size_t length;
  snprintf(path, sizeof path, "/proc/%s/stat", pid);
  char *text = read_whole(path, &length);
  if (text == NULL) return;
  char *open = strchr(text, '('), *end = strrchr(text, ')');
  char state[2] = {0};
  int parent = 0;
  if (open != NULL && end != NULL && sscanf(end + 1, " %1c %d", state, &parent) == 2) {
    json_open('{');
    json_pair_number("pid", atoi(pid));
    json_pair_number("ppid", parent);
    json_pair_string("state", state);
    json_key("comm");
    json_bytes(open + 1, (size_t)(end - open - 1));
    json_close('}');
  }
  free(text);
}

static int pids(int argc, char **argv) {
  (void)argc, (void)argv;
  struct dirent **entries;
  int count = scandir("/proc", &entries, is_pid, versionsort);
  if (count < 0) return fail("open");
  if (count == 0) {
    // A real /proc shows at least us; an empty directory must not look like a container without processes.
    free(entries);
    errno = ENOENT;
    return fail("open");
  }
  json_open('{');
  json_key("pids");
  json_open('[');
  for (int i = 0; i < count; i++) json_number(atoi(entries[i]->d_name));
  json_close(']');
  json_key("processes");
  json_open('[');
  for (int i = 0; i < count; i++) process_row(entries[i]->d_name);
  json_close(']');
  json_close('}');
  for (int i = 0; i < count; i++) free(entries[i]);
  free(entries);
  return 0;
}

static int proc_number(const char *key, const char *path) {
  size_t length;
  char *text = read_whole(path, &length);
  if (text == NULL) return -1;
  json_pair_number(key, atoll(text));
  free(text);
  return 0;
}

static int oom_score(int argc, char **argv) {
  (void)argc, (void)argv;
  json_open('{');
  if (proc_number("oomScoreAdj", "/proc/self/oom_score_adj") != 0) return fail("open");
  if (proc_number("oomScore", "/proc/self/oom_score") != 0) return fail("open");
  json_close('}');
  return 0;
}

const struct command process_commands[] = {
    {"args", args},       {"env", env},         {"cwd", cwd},
    {"signals", signals}, {"rlimits", rlimits}, {"umask", umask_command},
    {"session", session}, {"pids", pids},       {"oom-score", oom_score},
    {NULL, NULL},
};
