// The only program of a test root filesystem: answers questions about the container it runs in, one JSON line each.
#define _GNU_SOURCE
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t mark;

int fail(const char *syscall_name) {
  int number = errno;
  json_rewind(mark);
  json_open('{');
  json_pair_bool("ok", false);
  json_pair_string("syscall", syscall_name);
  json_pair_string("errno", errno_name(number));
  json_pair_string("message", strerror(number));
  json_close('}');
  return 1;
}

int usage(const char *text) {
  json_rewind(mark);
  json_open('{');
  json_pair_bool("ok", false);
  json_pair_string("usage", text);
  json_close('}');
  return 2;
}

const char *signal_name(int number) {
  static char text[24];
  const char *abbreviation = signal_abbreviation(number);
  if (abbreviation != NULL) snprintf(text, sizeof text, "SIG%s", abbreviation);
  else snprintf(text, sizeof text, "SIG%d", number);
  return text;
}

int signal_number(const char *text) {
  int number = atoi(text);
  if (number > 0 && number <= 64) return number;
  if (strncmp(text, "SIG", 3) == 0) text += 3;
  for (number = 1; number < 32; number++) {
    const char *abbreviation = signal_abbreviation(number);
    if (abbreviation != NULL && strcmp(abbreviation, text) == 0) return number;
  }
  return 0;
}

char *read_whole(const char *path, size_t *length) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  size_t capacity = 65536, used = 0;
  char *text = malloc(capacity);
  while (text != NULL) {
    // One byte stays free for the zero at the end.
    if (used + 1 == capacity) {
      capacity *= 2;
      char *larger = realloc(text, capacity);
      if (larger == NULL) break;
      text = larger;
    }
    ssize_t n = read(fd, text + used, capacity - used - 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      int number = errno;
      close(fd);
      if (n == 0) {
        text[used] = '\0';
        *length = used;
        return text;
      }
      free(text);
      errno = number;
      return NULL;
    }
    used += (size_t)n;
  }
  free(text);
  close(fd);
  errno = ENOMEM;
  return NULL;
}

static command_function *find(const char *name) {
  const struct command *tables[] = {identity_commands, process_commands, file_commands, mount_commands,
                                    load_commands,     terminal_commands, ipc_commands};
  for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
    for (const struct command *row = tables[t]; row->name != NULL; row++) {
      if (strcmp(row->name, name) == 0) return row->run;
    }
  }
  return NULL;
}

static int run(int argc, char **argv) {
  mark = json_mark();
  command_function *command = find(argv[0]);
  if (command == NULL) return usage("probe COMMAND [ARGUMENT]...; the tables in packages/testkit/probe/*.c name them");
  return command(argc, argv);
}

// report A B C: {"A":…,"B":…,"C":…} from one process, for commands without arguments.
static int report(int argc, char **argv) {
  int worst = 0;
  json_open('{');
  for (int i = 1; i < argc; i++) {
    json_key(argv[i]);
    int code = run(1, argv + i);
    if (code > worst) worst = code;
  }
  json_close('}');
  return worst;
}

static int run_line(int argc, char **argv) {
  int code = run(argc, argv);
  if (json_mark() > 0) json_flush();
  return code;
}

// seq A x -- B y: one after the other in one process, one line each; there is no shell in the rootfs to do it.
static int sequence(int argc, char **argv) {
  int worst = 0;
  for (int start = 1; start < argc;) {
    int end = start;
    while (end < argc && strcmp(argv[end], "--") != 0) end++;
    if (end > start) {
      // Commands look at argc only, except those that print argv; for them the list must end here.
      char *separator = argv[end];
      argv[end] = NULL;
      int code = run_line(end - start, argv + start);
      argv[end] = separator;
      if (code > worst) worst = code;
    }
    start = end + 1;
  }
  return worst;
}

int main(int argc, char **argv) {
  static char self[] = "probe";
  static char *nothing[] = {self, NULL};
  // execve with an empty argv gives argc 0 on kernels before 5.18.
  if (argc < 1) argv = nothing, argc = 1;

  char *slash = strrchr(argv[0], '/');
  char *name = slash != NULL ? slash + 1 : argv[0];
  // A link named after a command is that command, so `/bin/hostname` may be the probe.
  if (find(name) != NULL) argv[0] = name;
  else if (argc > 1) argv++, argc--;

  if (strcmp(argv[0], "seq") == 0) return sequence(argc, argv);
  if (strcmp(argv[0], "report") == 0) {
    int code = report(argc, argv);
    json_flush();
    return code;
  }
  return run_line(argc, argv);
}
