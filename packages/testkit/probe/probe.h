// What the commands of the probe share: their table rows, failures and small helpers.
#ifndef PROBE_H
#define PROBE_H

#include <stddef.h>

#include "json.h"
#include "names.h"

// argv[0] is the command's own name. Returns the exit code.
typedef int command_function(int argc, char **argv);

struct command {
  const char *name;
  command_function *run;
};

// One table per file, each ends with a row without a name.
extern const struct command identity_commands[];
extern const struct command process_commands[];
extern const struct command file_commands[];
extern const struct command mount_commands[];
extern const struct command load_commands[];
extern const struct command terminal_commands[];
extern const struct command ipc_commands[];

// Replaces the answer by {"ok":false,"syscall":…,"errno":…,"message":…}; reads errno, returns 1.
int fail(const char *syscall_name);

// The same for a wrong command line; returns 2.
int usage(const char *text);

// "TERM", "SIGTERM" or "15" as a number, 0 when there is no such signal.
int signal_number(const char *text);

// The name of a signal, as in SIGTERM; valid until the next call.
const char *signal_name(int number);

// Reads a whole file; the caller frees it. NULL and errno on failure.
char *read_whole(const char *path, size_t *length);

#endif
