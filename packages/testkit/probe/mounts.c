// Commands about mounts: which there are, and attempts to change them.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "probe.h"

// mountinfo writes space, tab, newline and backslash as \ooo.
static void unescaped(const char *key, char *text) {
  char *to = text;
  for (char *from = text; *from != '\0'; to++) {
    if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] != '\0' && from[3] != '\0') {
      *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
      from += 4;
    } else {
      *to = *from++;
    }
  }
  json_key(key);
  json_bytes(text, (size_t)(to - text));
}

static void mount_row(char *line) {
  char *rest = line;
  char *id = strsep(&rest, " "), *parent = strsep(&rest, " "), *device = strsep(&rest, " ");
  char *root = strsep(&rest, " "), *target = strsep(&rest, " "), *options = strsep(&rest, " ");
  if (options == NULL) return;
  json_open('{');
  json_pair_number("id", atoll(id));
  json_pair_number("parent", atoll(parent));
  json_pair_string("device", device);
  unescaped("root", root);
  unescaped("target", target);
  json_pair_string("options", options);
  json_key("propagation");
  json_open('[');
  char *field;
  while ((field = strsep(&rest, " ")) != NULL && strcmp(field, "-") != 0) json_string(field);
  json_close(']');
  char *type = strsep(&rest, " "), *source = strsep(&rest, " ");
  json_pair_string("type", type);
  if (source != NULL) unescaped("source", source);
  json_pair_string("superOptions", rest);
  json_close('}');
}

static int mounts(int argc, char **argv) {
  (void)argc, (void)argv;
  size_t length;
  char *text = read_whole("/proc/self/mountinfo", &length);
  if (text == NULL) return fail("open");
  char *rest = text, *line;
  json_open('{');
  json_key("mounts");
  json_open('[');
  while ((line = strsep(&rest, "\n")) != NULL) {
    if (*line != '\0') mount_row(line);
  }
  json_close(']');
  json_close('}');
  free(text);
  return 0;
}

static int mount_command(int argc, char **argv) {
  static const struct { const char *name; unsigned long flags; } changes[] = {
      {"bind", MS_BIND},       {"rbind", MS_BIND | MS_REC},
      {"move", MS_MOVE},       {"remount-rw", MS_REMOUNT},
      {"private", MS_PRIVATE}, {"remount-bind-rw", MS_REMOUNT | MS_BIND},
  };
  if (argc < 4 || argc > 5) return usage("mount SRC DST TYPE|bind|rbind|move|private|remount-rw|remount-bind-rw [DATA]");
  const char *type = argv[3];
  unsigned long flags = 0;
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    if (strcmp(type, changes[i].name) == 0) flags = changes[i].flags;
  }
  if (mount(argv[1], argv[2], type, flags, argc == 5 ? argv[4] : NULL) != 0) return fail("mount");
  json_open('{');
  json_pair_bool("ok", true);
  json_close('}');
  return 0;
}

static int umount_command(int argc, char **argv) {
  if (argc != 2) return usage("umount PATH");
  if (umount2(argv[1], MNT_DETACH) != 0) return fail("umount2");
  json_open('{');
  json_pair_bool("ok", true);
  json_close('}');
  return 0;
}

const struct command mount_commands[] = {
    {"mounts", mounts}, {"mount", mount_command}, {"umount", umount_command}, {NULL, NULL},
};
