// Commands about files: open descriptors, and listing, reading, writing or trying a path.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "probe.h"

// A host process under load hands out numbers in the thousands; a leaked one may be among them.
enum { LAST_FD = 4095 };

static const char *type_name(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "symlink";
    case S_IFCHR: return "character-device";
    case S_IFBLK: return "block-device";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    default: return "other";
  }
}

static void descriptor(int fd, int flags) {
  char link[64], target[4096];
  struct stat found;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, target, sizeof target);
  int access = fcntl(fd, F_GETFL);
  json_open('{');
  json_pair_number("fd", fd);
  json_key("target");
  if (length >= 0) json_bytes(target, (size_t)length);
  else json_null();
  json_pair_string("type", fstat(fd, &found) == 0 ? type_name(found.st_mode) : NULL);
  json_pair_string("access", access & O_PATH                      ? "path"
                             : (access & O_ACCMODE) == O_RDONLY ? "r"
                             : (access & O_ACCMODE) == O_WRONLY ? "w"
                                                                : "rw");
  json_pair_bool("closeOnExec", (flags & FD_CLOEXEC) != 0);
  json_close('}');
}

// Found by asking for every number: listing /proc/self/fd needs /proc and adds a descriptor of its own.
static int fds(int argc, char **argv) {
  (void)argc, (void)argv;
  json_open('{');
  json_key("fds");
  json_open('[');
  for (int fd = 0; fd <= LAST_FD; fd++) {
    int flags = fcntl(fd, F_GETFD);
    if (flags >= 0) descriptor(fd, flags);
  }
  json_close(']');
  json_close('}');
  return 0;
}

static void stat_fields(const char *path, const struct stat *found) {
  char mode[8], device[32], target[4096];
  snprintf(mode, sizeof mode, "%04o", found->st_mode & 07777);
  json_pair_string("type", type_name(found->st_mode));
  json_pair_string("mode", mode);
  json_pair_number("uid", found->st_uid);
  json_pair_number("gid", found->st_gid);
  json_pair_number("size", found->st_size);
  if (S_ISCHR(found->st_mode) || S_ISBLK(found->st_mode)) {
    snprintf(device, sizeof device, "%u:%u", major(found->st_rdev), minor(found->st_rdev));
    json_pair_string("device", device);
  }
  ssize_t length = S_ISLNK(found->st_mode) ? readlink(path, target, sizeof target) : -1;
  if (length >= 0) {
    json_key("target");
    json_bytes(target, (size_t)length);
  }
}

static int ls(int argc, char **argv) {
  struct dirent **entries;
  if (argc != 2) return usage("ls PATH");
  int count = scandir(argv[1], &entries, NULL, alphasort);
  if (count < 0) return fail("open");
  json_open('{');
  json_pair_string("path", argv[1]);
  json_key("entries");
  json_open('[');
  for (int i = 0; i < count; i++) {
    char path[8192];
    struct stat found;
    const char *name = entries[i]->d_name;
    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
      snprintf(path, sizeof path, "%s/%s", argv[1], name);
      json_open('{');
      json_pair_string("name", name);
      if (lstat(path, &found) == 0) stat_fields(path, &found);
      json_close('}');
    }
    free(entries[i]);
  }
  free(entries);
  json_close(']');
  json_close('}');
  return 0;
}

static int stat_command(int argc, char **argv) {
  struct stat found;
  struct statfs filesystem;
  if (argc != 2) return usage("stat PATH");
  if (lstat(argv[1], &found) != 0) return fail("lstat");
  json_open('{');
  json_pair_string("path", argv[1]);
  stat_fields(argv[1], &found);
  json_pair_number("inode", (long long)found.st_ino);
  if (statfs(argv[1], &filesystem) == 0) json_pair_hex("filesystem", (unsigned long long)filesystem.f_type);
  json_close('}');
  return 0;
}

static int read_command(int argc, char **argv) {
  size_t length;
  if (argc != 2) return usage("read PATH");
  char *text = read_whole(argv[1], &length);
  if (text == NULL) return fail("read");
  json_open('{');
  json_pair_string("path", argv[1]);
  json_key("content");
  json_bytes(text, length);
  json_close('}');
  free(text);
  return 0;
}

static int write_command(int argc, char **argv) {
  if (argc != 3) return usage("write PATH TEXT");
  int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return fail("open");
  // One write: files of /proc and cgroupfs take a value whole or not at all.
  ssize_t written = write(fd, argv[2], strlen(argv[2]));
  if (written < 0) {
    int result = fail("write");
    close(fd);
    return result;
  }
  if (close(fd) != 0) return fail("close");
  json_open('{');
  json_pair_string("path", argv[1]);
  json_pair_number("bytes", written);
  json_close('}');
  return 0;
}

static int try_open(int argc, char **argv) {
  const char *access = argc == 3 ? argv[2] : "r";
  if (argc < 2 || argc > 3) return usage("try-open PATH [r|w|rw]");
  int mode = strcmp(access, "rw") == 0 ? O_RDWR : strcmp(access, "w") == 0 ? O_WRONLY : O_RDONLY;
  // O_NONBLOCK: a fifo without its other half would wait forever.
  int fd = open(argv[1], mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  int number = errno;
  json_open('{');
  json_pair_string("path", argv[1]);
  json_pair_bool("opened", fd >= 0);
  json_pair_string("errno", fd >= 0 ? NULL : errno_name(number));
  json_close('}');
  if (fd >= 0) close(fd);
  return 0;
}

const struct command file_commands[] = {
    {"fds", fds},   {"ls", ls},       {"stat", stat_command}, {"read", read_command},
    {"write", write_command}, {"try-open", try_open}, {NULL, NULL},
};
