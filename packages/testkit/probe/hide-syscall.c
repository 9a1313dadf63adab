// Runs a command to which the kernel seems to lack some syscalls: a seccomp filter answers them with ENOSYS.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#else
#error "hide-syscall knows x86-64 and arm64"
#endif

// More than the syscalls added since Linux 5.0, which is what there is to hide.
enum { MOST_HIDDEN = 128, EXIT_USAGE = 125, EXIT_NOT_RUN = 127 };

static struct sock_filter filter[2 * MOST_HIDDEN + 8];
static unsigned short length;

static void add(struct sock_filter instruction) { filter[length++] = instruction; }

// "435,437:1" hides 435 with ENOSYS and answers 437 with EPERM.
static int add_hidden(const char *list) {
  while (*list != '\0') {
    char *end;
    unsigned long number = strtoul(list, &end, 10), error = ENOSYS;
    if (end == list) return -1;
    if (*end == ':') {
      list = end + 1;
      error = strtoul(list, &end, 10);
      if (end == list || error > 4095) return -1;
    }
    if (length + 3u > sizeof filter / sizeof *filter) return -1;
    add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1));
    add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error));
    if (*end == ',') end++;
    else if (*end != '\0') return -1;
    list = end;
  }
  return 0;
}

static int build(const char *list) {
  add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCH, 1, 0));
  add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
  if (add_hidden(list) != 0) return -1;
  add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return 0;
}

static int install(void) {
  struct sock_fprog program = {.len = length, .filter = filter};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) return 0;
  if (errno != EACCES) return -1;
  // Only without CAP_SYS_ADMIN: no_new_privs would also disarm newuidmap and change what `caps` reports.
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int main(int argc, char **argv) {
  if (argc < 3 || build(argv[1]) != 0) {
    fprintf(stderr, "usage: hide-syscall NUMBER[:ERRNO][,...] COMMAND [ARGUMENT]...\n");
    return EXIT_USAGE;
  }
  if (install() != 0) {
    fprintf(stderr, "hide-syscall: could not install the filter: %s\n", strerror(errno));
    return EXIT_USAGE;
  }
  execvp(argv[2], argv + 2);
  fprintf(stderr, "hide-syscall: could not run %s: %s\n", argv[2], strerror(errno));
  return EXIT_NOT_RUN;
}
