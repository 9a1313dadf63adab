/*
 * Attacks from inside of a container, one per call: `attack NAME [ARGUMENT]`. Prints `reached` when the kernel did, or looked at,
 * what was asked, and `refused: ERRNO` when it wasn't even considered. Nothing of the host is changed when one succeeds.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

static const char *argument;

static int told(long result)
{
	if (result >= 0)
		puts("reached");
	else
		printf("refused: %s\n", strerrorname_np(errno));
	return 0;
}

/* Reached means: past every filter, to an answer that only the call itself gives. */
static int looked_at(long result, int own_errno)
{
	return told(result < 0 && errno == own_errno ? 0 : result);
}

static int open_for_writing(void)
{
	return told(open(argument, O_WRONLY | O_CLOEXEC));
}

static int read_file(void)
{
	return told(open(argument, O_RDONLY | O_CLOEXEC));
}

static int terminal_input(void)
{
	/* The upper half of the request is ignored by the kernel, and was by filters (CVE-2019-10063). */
	const unsigned long high = 1ul << 32;
	return looked_at(syscall(SYS_ioctl, 0, 0x5412ul | high, "x"), ENOTTY);
}

static int console_paste(void)
{
	const unsigned long high = 1ul << 32;
	return looked_at(syscall(SYS_ioctl, 0, 0x541cul | high, "\3"), ENOTTY);
}

static int io_uring(void)
{
	return looked_at(syscall(SYS_io_uring_setup, 1, NULL), EFAULT);
}

static int kernel_program(void)
{
	return looked_at(syscall(SYS_bpf, 0, NULL, 8), EFAULT);
}

static int key(void)
{
	return told(syscall(SYS_keyctl, 0, -3, 0));
}

static int page_faults(void)
{
	return told(syscall(SYS_userfaultfd, 1));
}

static int nested(void)
{
	return told(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 ? mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) : -1);
}

static int device(void)
{
	const char *path = "/tmp/haco-test-device";
	const int made = mknod(path, S_IFCHR | 0600, makedev(1, 1));
	if (made == 0)
		unlink(path);
	return told(made);
}

static int host_namespace(void)
{
	const int fd = open(argument, O_RDONLY | O_CLOEXEC);
	return told(fd < 0 ? -1 : setns(fd, CLONE_NEWUTS));
}

/* Past opening: the namespace is what stdin is. */
static int given_namespace(void)
{
	return told(setns(0, CLONE_NEWUTS));
}

/* A hierarchy of the host, mounted anew: the one of version 2, or that of the named controllers. */
static int mount_groups(void)
{
	const int is_second = strcmp(argument, "cgroup2") == 0;
	return told(mount("none", "/tmp", is_second ? "cgroup2" : "cgroup", 0, is_second ? NULL : argument));
}

/* What is read-only only by its mount is made writable. */
static int remount_groups(void)
{
	static char path[4096];
	if (mount(NULL, argument, NULL, MS_REMOUNT | MS_BIND, NULL) < 0)
		return told(-1);
	snprintf(path, sizeof(path), "%s/cgroup.procs", argument);
	return told(open(path, O_WRONLY | O_CLOEXEC));
}

static int trace(void)
{
	const int pid = atoi(argument);
	const long result = ptrace(PTRACE_SEIZE, pid, NULL, NULL);
	if (result == 0)
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return told(result);
}

static int signal_process(void)
{
	return told(kill(atoi(argument), 0));
}

static int abstract_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	const size_t length = strlen(argument);
	if (fd < 0 || length > sizeof(address.sun_path) - 1)
		return told(-1);
	memcpy(address.sun_path + 1, argument, length);
	/* Some versions of Node count the zeros behind the name. */
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return told(0);
	return told(connect(fd, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + length));
}

static int path_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd < 0 || strlen(argument) >= sizeof(address.sun_path))
		return told(-1);
	strcpy(address.sun_path, argument);
	return told(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

static int loopback(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argument)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	return told(fd < 0 ? -1 : connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

/* Anything beyond the three streams, or a working directory that lies outside. */
static int leaked(void)
{
	int found = 0;
	for (int fd = 3; fd < 1024; fd++)
		found |= fcntl(fd, F_GETFD) >= 0;
	errno = EBADF;
	return told(found ? 0 : -1);
}

static int outside(void)
{
	char path[4096];
	const ssize_t length = readlink("/proc/self/cwd", path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = 0;
	errno = ENOENT;
	return told(length > 1 || strcmp(path, "/") != 0 ? 0 : -1);
}

static socklen_t named(struct sockaddr_un *address)
{
	const size_t length = strlen(argument);
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path + 1, argument, length > sizeof(address->sun_path) - 1 ? 0 : length);
	return offsetof(struct sockaddr_un, sun_path) + 1 + length;
}

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* The accomplice outside: whoever connects gets a descriptor of the root directory. */
static int give_directory(void)
{
	struct sockaddr_un address;
	const socklen_t length = named(&address);
	const int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int given = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bind(server, (struct sockaddr *)&address, length) < 0 || listen(server, 8) < 0)
		return 1;
	puts("ready");
	fflush(stdout);
	for (;;) {
		const int peer = accept(server, NULL, NULL);
		char byte = 0;
		struct iovec data = {&byte, 1};
		union control control = {0};
		struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
		control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.header), &given, sizeof(given));
		sendmsg(peer, &message, MSG_NOSIGNAL);
		close(peer);
	}
}

static int take_directory(void)
{
	struct sockaddr_un address;
	const socklen_t length = named(&address);
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte;
	int given = -1;
	struct iovec data = {&byte, 1};
	union control control = {0};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, length) < 0 || recvmsg(fd, &message, MSG_CMSG_CLOEXEC) < 0)
		return told(-1);
	if (message.msg_controllen >= CMSG_LEN(sizeof(int)))
		memcpy(&given, CMSG_DATA(&control.header), sizeof(given));
	return told(openat(given, "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* Give what stdin is to somebody else. */
static int own_stdin(void)
{
	return told(fchown(0, 1, 1));
}

/* Type into the real terminal of whoever started us, with high bits in the request. */
static int type_there(void)
{
	if (!isatty(0))
		return 65;
	return told(syscall(SYS_ioctl, 0, 0x5412ul | 1ul << 32, "#"));
}

#if defined(__x86_64__)
static int x32(void)
{
	/* getpid of the x32 table; a kernel without it says ENOSYS */
	return looked_at(syscall(0x40000000 | 39), ENOSYS);
}

static int i386(void)
{
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory"); /* getpid */
	return told(result);
}
#endif

static const struct {
	const char *name;
	int (*attack)(void);
} attacks[] = {
	{"open-for-writing", open_for_writing}, {"read-file", read_file}, {"terminal-input", terminal_input},
	{"console-paste", console_paste}, {"io-uring", io_uring}, {"kernel-program", kernel_program}, {"key", key},
	{"page-faults", page_faults}, {"nested", nested}, {"device", device}, {"host-namespace", host_namespace},
	{"given-namespace", given_namespace}, {"mount-groups", mount_groups}, {"remount-groups", remount_groups},
	{"trace", trace}, {"signal", signal_process}, {"abstract-socket", abstract_socket}, {"path-socket", path_socket},
	{"loopback", loopback},
	{"leaked", leaked}, {"outside", outside}, {"give-directory", give_directory}, {"take-directory", take_directory},
	{"own-stdin", own_stdin}, {"type-there", type_there},
#if defined(__x86_64__)
	{"x32", x32}, {"i386", i386},
#endif
};

int main(int argc, char **argv)
{
	argument = argc > 2 ? argv[2] : "";
	for (size_t i = 0; argc > 1 && i < sizeof(attacks) / sizeof(attacks[0]); i++)
		if (strcmp(attacks[i].name, argv[1]) == 0)
			return attacks[i].attack();
	return 64;
}
