/*
 * Makes many system calls with harmless arguments, each in a child of its own, and prints what became of each: "name errno",
 * "name ok" or "name signal N". For comparing what filters do. Arguments choose some by name; without any, all are made.
 */
#define _GNU_SOURCE
#include "names.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Newer than some libc's headers; the same number everywhere.
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

struct call {
	const char *name;
	long nr;
	long args[6];
};

/* A pointer that leads nowhere, or a descriptor that isn't open, keeps a call that is let through from doing anything. */
static const struct call calls[] = {
	{"getpid", SYS_getpid, {0}},
	{"read", SYS_read, {-1, 0, 0}},
	{"openat", SYS_openat, {-100, 0, 0}},
	{"mount", SYS_mount, {0, 0, 0, 0, 0}},
	{"umount2", SYS_umount2, {0, 0}},
	{"pivot_root", SYS_pivot_root, {0, 0}},
	{"chroot", SYS_chroot, {0}},
	{"swapon", SYS_swapon, {0, 0}},
	{"swapoff", SYS_swapoff, {0}},
	{"reboot", SYS_reboot, {0, 0, 0}},
	{"sethostname", SYS_sethostname, {0, -1}},
	{"setdomainname", SYS_setdomainname, {0, -1}},
	{"init_module", SYS_init_module, {0, 0, 0}},
	{"finit_module", SYS_finit_module, {-1, 0, 0}},
	{"delete_module", SYS_delete_module, {0, 0}},
	{"kexec_load", SYS_kexec_load, {0, -1, 0, -1}},
	{"kexec_file_load", SYS_kexec_file_load, {-1, -1, 0, 0, -1}},
	{"quotactl", SYS_quotactl, {-1, 0, 0, 0}},
	{"acct", SYS_acct, {1}},
	{"settimeofday", SYS_settimeofday, {1, 0}},
	{"clock_settime", SYS_clock_settime, {-1, 0}},
	{"adjtimex", SYS_adjtimex, {0}},
	{"clock_adjtime", SYS_clock_adjtime, {0, 0}},
	{"syslog", SYS_syslog, {-1, 0, 0}},
	{"ptrace", SYS_ptrace, {-1, 0, 0, 0}},
	{"process_vm_readv", SYS_process_vm_readv, {1, 0, 0, 0, 0, -1}},
	{"process_vm_writev", SYS_process_vm_writev, {1, 0, 0, 0, 0, -1}},
	{"process_madvise", SYS_process_madvise, {-1, 0, 0, 0, 0}},
	{"pidfd_getfd", SYS_pidfd_getfd, {-1, 0, 0}},
	{"pidfd_open", SYS_pidfd_open, {-1, 0}},
	{"kcmp", SYS_kcmp, {0, 0, -1, 0, 0}},
	{"bpf", SYS_bpf, {-1, 0, 0}},
	{"perf_event_open", SYS_perf_event_open, {0, 0, 0, -1, 0}},
	{"userfaultfd", SYS_userfaultfd, {-1}},
	{"io_uring_setup", SYS_io_uring_setup, {0, 0}},
	{"io_uring_enter", SYS_io_uring_enter, {-1, 0, 0, 0, 0, 0}},
	{"io_uring_register", SYS_io_uring_register, {-1, 0, 0, 0}},
	{"add_key", SYS_add_key, {0, 0, 0, 0, 0}},
	{"request_key", SYS_request_key, {0, 0, 0, 0}},
	{"keyctl", SYS_keyctl, {-1, 0, 0, 0, 0}},
	{"fanotify_init", SYS_fanotify_init, {-1, 0}},
	{"fanotify_mark", SYS_fanotify_mark, {-1, 0, 0, -1, 0}},
	{"name_to_handle_at", SYS_name_to_handle_at, {-1, 0, 0, 0, -1}},
	{"open_by_handle_at", SYS_open_by_handle_at, {-1, 0, 0}},
	{"setns", SYS_setns, {-1, 0}},
	{"unshare-files", SYS_unshare, {0x400}},
	{"unshare-user", SYS_unshare, {0x10000000}},
	{"unshare-time", SYS_unshare, {0x80}},
	{"clone-user", SYS_clone, {0x10000000 | SIGCHLD | 0x00010000, 0, 0, 0, 0}}, /* CLONE_THREAD without SIGHAND: EINVAL */
	{"clone-none", SYS_clone, {0x00010000, 0, 0, 0, 0}},
	{"clone3", SYS_clone3, {0, 0}},
	{"open_tree", SYS_open_tree, {-1, 0, -1}},
	{"move_mount", SYS_move_mount, {-1, 0, -1, 0, -1}},
	{"fsopen", SYS_fsopen, {0, -1}},
	{"fsconfig", SYS_fsconfig, {-1, 0, 0, 0, 0}},
	{"fsmount", SYS_fsmount, {-1, -1, 0}},
	{"fspick", SYS_fspick, {-1, 0, -1}},
	{"mount_setattr", SYS_mount_setattr, {-1, 0, -1, 0, 0}},
	{"mbind", SYS_mbind, {0, 0, -1, 0, 0, -1}},
	{"set_mempolicy", SYS_set_mempolicy, {-1, 0, 0}},
	{"get_mempolicy", SYS_get_mempolicy, {0, 0, 0, 0, -1}},
	{"migrate_pages", SYS_migrate_pages, {-1, 0, 0, 0}},
	{"move_pages", SYS_move_pages, {-1, 0, 0, 0, 0, -1}},
	{"lookup_dcookie", SYS_lookup_dcookie, {0, 0, 0}},
	{"nfsservctl", SYS_nfsservctl, {0, 0, 0}},
	{"personality-get", SYS_personality, {0xffffffffL}},
	{"personality-exec", SYS_personality, {0x0400000}},
	{"personality-linux32", SYS_personality, {8}},
	{"socket-unix", SYS_socket, {1, 1, 0}},
	{"socket-netlink", SYS_socket, {16, 3, 0}},
	{"socket-vsock", SYS_socket, {40, 1, 0}},
	{"socket-alg", SYS_socket, {38, 5, 0}},
	{"mknodat", SYS_mknodat, {-100, 0, 0, 0}},
	{"seccomp", SYS_seccomp, {-1, 0, 0}},
	{"landlock_create_ruleset", SYS_landlock_create_ruleset, {0, 0, 1}},
	{"memfd_secret", SYS_memfd_secret, {-1}},
	{"memfd_create", SYS_memfd_create, {0, 0}},
	{"statx", SYS_statx, {-1, 0, 0, 0, 0}},
	{"rseq", SYS_rseq, {0, 0, -1, 0}},
	{"close_range", SYS_close_range, {1000000, 1000001, 0}},
	{"ioctl-tiocsti", SYS_ioctl, {-1, 0x5412, 0}},
	{"ioctl-tiocsti-high", SYS_ioctl, {-1, 0x100005412L, 0}},
	{"ioctl-tioclinux", SYS_ioctl, {-1, 0x541c, 0}},
	{"ioctl-tioclinux-high", SYS_ioctl, {-1, (long)0xffffffff0000541cUL, 0}},
	{"ioctl-fionread", SYS_ioctl, {-1, 0x541b, 0}},
	{"capset", SYS_capset, {0, 0}},
	{"prctl", SYS_prctl, {-1, 0, 0, 0, 0}},
	{"setuid", SYS_setuid, {-1}},
	{"sched_setscheduler", SYS_sched_setscheduler, {-1, -1, 0}},
	{"remap_file_pages", SYS_remap_file_pages, {0, 0, 1, 0, 0}},
	{"number-460", 460, {-1, 0, 0, 0, 0, -1}},
	{"number-600", 600, {0}},
	{"number-negative", -5, {0}},
#ifdef __x86_64__
	{"iopl", SYS_iopl, {-1}},
	{"ioperm", SYS_ioperm, {-1, -1, 0}},
	{"modify_ldt", SYS_modify_ldt, {-1, 0, 0}},
	{"arch_prctl", SYS_arch_prctl, {-1, 0}},
	{"sysfs", SYS_sysfs, {-1, 0, 0}},
	{"ustat", SYS_ustat, {-1, 0}},
	{"uselib", SYS_uselib, {0}},
	{"x32-getpid", 0x40000000 + SYS_getpid, {0}},
	{"x32-mount", 0x40000000 + SYS_mount, {0, 0, 0, 0, 0}},
#endif
};

#ifdef __x86_64__
/* By the gate of 32-bit programs, where the numbers are others. */
static long i386_call(long nr)
{
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(0), "c"(0), "d"(0) : "memory", "r8", "r9", "r10", "r11");
	return result < 0 ? (errno = (int)-result, -1) : result;
}
#endif

static int wanted(const char *name, int argc, char **argv)
{
	if (argc < 2)
		return 1;
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return 1;
	return 0;
}

/* A child, so that being ended is an answer like others. */
static void report(const char *name, long (*make)(const struct call *), const struct call *call)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		long result = make(call);
		_exit(result == -1 && errno != 0 ? (errno < 250 ? errno : 250) : 0);
	}
	int status = 0;
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		printf("%s untold\n", name);
	else if (WIFSIGNALED(status))
		printf("%s signal %d\n", name, WTERMSIG(status));
	else if (WEXITSTATUS(status) == 0)
		printf("%s ok\n", name);
	else
		printf("%s %s\n", name, errno_name(WEXITSTATUS(status)));
}

static long make_native(const struct call *call)
{
	errno = 0;
	return syscall(call->nr, call->args[0], call->args[1], call->args[2], call->args[3], call->args[4], call->args[5]);
}

#ifdef __x86_64__
static long make_i386(const struct call *call)
{
	errno = 0;
	return i386_call(call->nr);
}
#endif

int main(int argc, char **argv)
{
	const struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none); /* SIGSYS would leave one */
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (wanted(calls[i].name, argc, argv))
			report(calls[i].name, make_native, &calls[i]);
#ifdef __x86_64__
	const struct call i386[] = {{"i386-getpid", 20, {0}}, {"i386-mount", 21, {0}}};
	for (size_t i = 0; i < sizeof(i386) / sizeof(i386[0]); i++)
		if (wanted(i386[i].name, argc, argv))
			report(i386[i].name, make_i386, &i386[i]);
#endif
	return 0;
}
