// Commands about who the process is to the kernel: ids, capabilities, namespaces, host name.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "probe.h"

static int hostname(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "set") == 0) {
    if (sethostname(argv[2], strlen(argv[2])) != 0) return fail("sethostname");
  } else if (argc != 1) {
    return usage("hostname [set NAME]");
  }
  struct utsname uts;
  if (uname(&uts) != 0) return fail("uname");
  json_open('{');
  json_pair_string("hostname", uts.nodename);
  json_pair_string("domainname", uts.domainname);
  json_close('}');
  return 0;
}

static int ids(int argc, char **argv) {
  (void)argc, (void)argv;
  uid_t ruid, euid, suid;
  gid_t rgid, egid, sgid;
  static gid_t groups[65536];
  if (getresuid(&ruid, &euid, &suid) != 0) return fail("getresuid");
  if (getresgid(&rgid, &egid, &sgid) != 0) return fail("getresgid");
  int count = getgroups(65536, groups);
  if (count < 0) return fail("getgroups");
  json_open('{');
  json_pair_number("uid", ruid);
  json_pair_number("euid", euid);
  json_pair_number("suid", suid);
  // An impossible id is refused and the current one returned: the only way to read it without /proc.
  json_pair_number("fsuid", (uid_t)setfsuid((uid_t)-1));
  json_pair_number("gid", rgid);
  json_pair_number("egid", egid);
  json_pair_number("sgid", sgid);
  json_pair_number("fsgid", (gid_t)setfsgid((gid_t)-1));
  json_key("groups");
  json_open('[');
  for (int i = 0; i < count; i++) json_number(groups[i]);
  json_close(']');
  json_close('}');
  return 0;
}

static unsigned long long bounding_set(void) {
  unsigned long long set = 0;
  for (int cap = 0; cap < 64; cap++) {
    if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1) set |= 1ull << cap;
  }
  return set;
}

static unsigned long long ambient_set(void) {
  unsigned long long set = 0;
  for (int cap = 0; cap < 64; cap++) {
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1) set |= 1ull << cap;
  }
  return set;
}

static unsigned long long joined(unsigned low, unsigned high) { return (unsigned long long)high << 32 | low; }

// Asked by syscall and not read from /proc/self/status: the container may have no /proc, or a masked one.
static int caps(int argc, char **argv) {
  (void)argc, (void)argv;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[2] = {{0}};
  if (syscall(SYS_capget, &header, data) != 0) return fail("capget");
  json_open('{');
  json_pair_hex("inheritable", joined(data[0].inheritable, data[1].inheritable));
  json_pair_hex("permitted", joined(data[0].permitted, data[1].permitted));
  json_pair_hex("effective", joined(data[0].effective, data[1].effective));
  json_pair_hex("bounding", bounding_set());
  json_pair_hex("ambient", ambient_set());
  json_pair_bool("noNewPrivs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
  json_pair_number("securebits", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
  json_pair_number("seccomp", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
  json_pair_number("dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
  json_close('}');
  return 0;
}

struct namespace_row {
  const char *name;
  unsigned pidfd_ioctl;
};

// PIDFD_GET_*_NAMESPACE of linux/pidfd.h (6.11), newer than the headers this is built with.
static const struct namespace_row namespaces[] = {
    {"cgroup", _IO(0xff, 1)},   {"ipc", _IO(0xff, 2)},
    {"mnt", _IO(0xff, 3)},      {"net", _IO(0xff, 4)},
    {"pid", _IO(0xff, 5)},      {"pid_for_children", _IO(0xff, 6)},
    {"time", _IO(0xff, 7)},     {"time_for_children", _IO(0xff, 8)},
    {"user", _IO(0xff, 9)},     {"uts", _IO(0xff, 10)},
};

static int namespace_inode(const struct namespace_row *row, int pidfd, struct stat *found) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/ns/%s", row->name);
  if (stat(path, found) == 0) return 0;
  if (pidfd < 0) return -1;
  int fd = ioctl(pidfd, row->pidfd_ioctl, 0);
  if (fd < 0) return -1;
  int result = fstat(fd, found);
  close(fd);
  return result;
}

static int ns(int argc, char **argv) {
  (void)argc, (void)argv;
  int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
  json_open('{');
  for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
    struct stat found;
    json_key(namespaces[i].name);
    if (namespace_inode(&namespaces[i], pidfd, &found) == 0) json_number((long long)found.st_ino);
    else json_null();
  }
  json_close('}');
  if (pidfd >= 0) close(pidfd);
  return 0;
}

const struct command identity_commands[] = {
    {"hostname", hostname}, {"ids", ids}, {"caps", caps}, {"ns", ns}, {NULL, NULL},
};
