/*
 * The floor: what the kernel itself takes for the same container. A small process starts the command with pipes for stdout and
 * stderr, performs the steps of haco's plan (see `explain()`) by hand, reads both pipes to their end, and waits.
 *
 *   floor none COMMAND         no isolation
 *   floor full COMMAND ROOT    namespaces, pivot_root, /proc, /dev, /tmp, no capabilities, no_new_privs
 *   floor limits COMMAND ROOT CPU MEMORY PIDS
 *                              the same with limits, in groups below these three directories of cgroup v1
 *   … COUNT                    COUNT starts; without it, one start for each line of stdin
 *
 * A start answers with a line of nanoseconds: all of it, and of that with limits: making the groups, entering them (where a
 * kernel may wait for RCU, see cgroup_attach_lock() in kernel/cgroup/cgroup.c), removing them.
 *
 * The child shares memory with this process and this process waits for its exec (CLONE_VM, CLONE_VFORK): the cheapest start
 * that Linux has.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

#define CHECK(call) check((long)(call), #call)

static int full, limits;
static const char *command, *root_path;
/* What the child found; it shares this memory. */
static const char *failed_call;
static int failed_errno;

static long check(long result, const char *call)
{
	if (result < 0) {
		failed_call = call;
		failed_errno = errno;
		_exit(125);
	}
	return result;
}

static int fs_context(const char *type)
{
	const int context = CHECK(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC));
	CHECK(syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "source", type, 0));
	return context;
}

static void set(int context, const char *key, const char *value)
{
	CHECK(syscall(SYS_fsconfig, context, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0));
}

static int make(int context, unsigned attributes)
{
	CHECK(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	return CHECK(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes));
}

static void move_onto(int mount, int target)
{
	CHECK(syscall(SYS_move_mount, mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

static int inside(int root, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	return CHECK(syscall(SYS_openat2, root, path, &how, sizeof(how)));
}

static void device(int dev, const char *name, unsigned major, unsigned minor)
{
	CHECK(mknodat(dev, name, S_IFCHR | 0666, makedev(major, minor)));
}

static void mount_dev(int root)
{
	int context = fs_context("tmpfs");
	set(context, "mode", "0755");
	set(context, "size", "65536");
	const int dev = make(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	device(dev, "null", 1, 3);
	device(dev, "zero", 1, 5);
	device(dev, "full", 1, 7);
	device(dev, "random", 1, 8);
	device(dev, "urandom", 1, 9);
	device(dev, "tty", 5, 0);
	CHECK(mkdirat(dev, "pts", 0755));
	CHECK(mkdirat(dev, "shm", 0755));
	CHECK(mkdirat(dev, "mqueue", 0755));
	CHECK(symlinkat("/proc/self/fd", dev, "fd"));
	CHECK(symlinkat("/proc/self/fd/0", dev, "stdin"));
	CHECK(symlinkat("/proc/self/fd/1", dev, "stdout"));
	CHECK(symlinkat("/proc/self/fd/2", dev, "stderr"));
	CHECK(symlinkat("pts/ptmx", dev, "ptmx"));
	move_onto(dev, inside(root, "/dev"));

	context = fs_context("devpts");
	set(context, "newinstance", NULL);
	set(context, "ptmxmode", "0666");
	set(context, "mode", "0620");
	set(context, "gid", "5");
	move_onto(make(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC),
		  CHECK(openat(dev, "pts", O_PATH | O_NOFOLLOW | O_CLOEXEC)));

	context = fs_context("tmpfs");
	set(context, "mode", "1777");
	set(context, "size", "67108864");
	move_onto(make(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC),
		  CHECK(openat(dev, "shm", O_PATH | O_NOFOLLOW | O_CLOEXEC)));

	move_onto(make(fs_context("mqueue"), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC),
		  CHECK(openat(dev, "mqueue", O_PATH | O_NOFOLLOW | O_CLOEXEC)));
}

static void set_capabilities(unsigned low)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{low, low, 0}, {0, 0, 0}};
	CHECK(syscall(SYS_capset, &header, data));
}

/* One group in each of three hierarchies of cgroup v1, below a parent that stays between starts as haco's does. */
enum { HIERARCHIES = 3 };
static const char parent_name[] = "haco-bench-floor", group_name[] = "haco-bench-floor/x";
static const struct hierarchy {
	const char *limit, *value, *counters[3];
} hierarchies[HIERARCHIES] = {
	{"cpu.cfs_quota_us", "100000", {"cpu.stat"}},
	{"memory.limit_in_bytes", "268435456", {"memory.oom_control", "memory.failcnt", "memory.max_usage_in_bytes"}},
	{"pids.max", "64", {"pids.events", "pids.peak"}},
};
static int bases[HIERARCHIES], groups[HIERARCHIES], doors[HIERARCHIES];
static long long made_ns, joined_ns, removed_ns;

static long long now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ll + now.tv_nsec;
}

static long must(long result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
		exit(1);
	}
	return result;
}

static void remove_parents(void)
{
	/* Also the group of a start that failed. */
	for (int i = 0; i < HIERARCHIES; i++) {
		unlinkat(bases[i], group_name, AT_REMOVEDIR);
		unlinkat(bases[i], parent_name, AT_REMOVEDIR);
	}
}

static void make_groups(void)
{
	const long long began = now_ns();
	for (int i = 0; i < HIERARCHIES; i++) {
		must(mkdirat(bases[i], group_name, 0755), group_name);
		groups[i] = must(openat(bases[i], group_name, O_PATH | O_DIRECTORY | O_CLOEXEC), group_name);
		doors[i] = must(openat(groups[i], "tasks", O_WRONLY | O_CLOEXEC), "tasks");
		const int limit = must(openat(groups[i], hierarchies[i].limit, O_WRONLY | O_CLOEXEC), hierarchies[i].limit);
		must(write(limit, hierarchies[i].value, strlen(hierarchies[i].value)), hierarchies[i].limit);
		close(limit);
	}
	made_ns = now_ns() - began;
}

static void join_groups(void)
{
	const long long began = now_ns();
	for (int i = 0; i < HIERARCHIES; i++)
		CHECK(write(doors[i], "0", 1));
	joined_ns = now_ns() - began;
	CHECK(unshare(CLONE_NEWCGROUP));
}

static void remove_groups(void)
{
	char counters[512];
	const long long began = now_ns();
	for (int i = 0; i < HIERARCHIES; i++) {
		for (int j = 0; j < 3 && hierarchies[i].counters[j] != NULL; j++) {
			/* Not every kernel has all of them. */
			const int counter = openat(groups[i], hierarchies[i].counters[j], O_RDONLY | O_CLOEXEC);
			if (counter < 0)
				continue;
			must(read(counter, counters, sizeof(counters)), hierarchies[i].counters[j]);
			close(counter);
		}
		close(doors[i]);
		close(groups[i]);
		must(unlinkat(bases[i], group_name, AT_REMOVEDIR), group_name);
	}
	removed_ns = now_ns() - began;
}

static void isolate(void)
{
	if (limits)
		join_groups();
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	umask(0);
	const int root = CHECK(
		syscall(SYS_open_tree, AT_FDCWD, root_path, OPEN_TREE_CLONE | AT_RECURSIVE | OPEN_TREE_CLOEXEC));
	CHECK(syscall(SYS_move_mount, root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH));
	move_onto(make(fs_context("proc"), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC),
		  inside(root, "/proc"));
	mount_dev(root);
	move_onto(make(fs_context("tmpfs"), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV), inside(root, "/tmp"));
	CHECK(fchdir(root));
	CHECK(syscall(SYS_pivot_root, ".", "."));
	CHECK(umount2(".", MNT_DETACH));
	CHECK(chdir("/"));
	CHECK(sethostname("floor", 5));
	setsid();
	umask(022);
	set_capabilities(1u << CAP_SETPCAP);
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		CHECK(prctl(PR_CAPBSET_DROP, capability, 0, 0, 0));
	set_capabilities(0);
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static _Noreturn __attribute__((noinline)) void child(const int *out, const int *error)
{
	static char *const none[] = {NULL};
	char *argv[] = {(char *)command, NULL};
	/* Both ends close themselves at the exec. */
	CHECK(dup2(out[1], 1));
	CHECK(dup2(error[1], 2));
	if (full)
		isolate();
	CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	CHECK(syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC));
	CHECK(execve(command, argv, none));
	_exit(125);
}

/* Without libc's wrapper: its own return address would be overwritten by the child, which shares the stack. */
static inline __attribute__((always_inline)) long clone3(struct clone_args *args)
{
#if defined(__x86_64__)
	long result = SYS_clone3;
	__asm__ volatile("syscall" : "+a"(result) : "D"(args), "S"(sizeof(*args)) : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long nr __asm__("x8") = SYS_clone3;
	register long a __asm__("x0") = (long)args;
	register long b __asm__("x1") = sizeof(*args);
	__asm__ volatile("svc 0" : "+r"(a) : "r"(nr), "r"(b) : "memory");
	return a;
#endif
}

static __attribute__((noinline)) pid_t start(const int *out, const int *error)
{
	/* The root of a cgroup namespace is the group of that moment: with limits it is made later. */
	const uint64_t namespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWTIME |
				    (limits ? 0 : CLONE_NEWCGROUP);
	struct clone_args args = {
		.flags = CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND | (full ? namespaces : 0),
		.exit_signal = SIGCHLD,
	};
	const long pid = clone3(&args);
	if (pid == 0)
		child(out, error);
	if (pid < 0) {
		fprintf(stderr, "floor: clone3: %s\n", strerror((int)-pid));
		exit(1);
	}
	return (pid_t)pid;
}

static void read_to_end(int fd)
{
	char buffer[4096];
	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	close(fd);
}

static void once(void)
{
	int out[2], error[2], status;
	const long long began = now_ns();
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(error, O_CLOEXEC) < 0)
		exit(1);
	if (limits)
		make_groups();
	const pid_t pid = start(out, error);
	close(out[1]);
	close(error[1]);
	read_to_end(out[0]);
	read_to_end(error[0]);
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "floor: %s: %s (status %d)\n", failed_call ? failed_call : command,
			strerror(failed_errno), status);
		exit(1);
	}
	if (limits)
		remove_groups();
	printf("%lld %lld %lld %lld\n", now_ns() - began, made_ns, joined_ns, removed_ns);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[16];
	if (argc < 3)
		return 2;
	limits = strcmp(argv[1], "limits") == 0;
	full = limits || strcmp(argv[1], "full") == 0;
	command = argv[2];
	root_path = full && argc > 3 ? argv[3] : "/";
	const int at = limits ? 4 + HIERARCHIES : full ? 4 : 3;
	if (argc < at)
		return 2;
	for (int i = 0; limits && i < HIERARCHIES; i++) {
		bases[i] = must(open(argv[4 + i], O_PATH | O_DIRECTORY | O_CLOEXEC), argv[4 + i]);
		must(mkdirat(bases[i], parent_name, 0755), parent_name);
	}
	if (limits)
		atexit(remove_parents);
	if (argc > at)
		for (long left = atol(argv[at]); left > 0; left--)
			once();
	else
		while (fgets(line, sizeof(line), stdin) != NULL)
			once();
	return 0;
}
