/* Raw system calls and the few constants of the kernel's interface that the launcher itself needs. */
#pragma once
#include "plan.h"

#if defined(__x86_64__)
#include "syscall-x64.h"
#elif defined(__aarch64__)
#include "syscall-arm64.h"
#else
#error "haco-init knows x64 and arm64"
#endif

#define ENOENT 2
#define EIO 5
#define EINTR 4
#define EBADF 9
#define EAGAIN 11
#define EINVAL 22
#define ESTALE 116
#define EMFILE 24
#define ESPIPE 29
#define ECANCELED 125

#define PID_MAX_LIMIT (4 * 1024 * 1024) /* largest pid of a 64-bit kernel */

#define SIGKILL 9
#define SIGCHLD 17

#define PROT_READ 1
#define PROT_WRITE 2
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_ANONYMOUS 0x20
#define MAP_POPULATE 0x8000
#define O_CLOEXEC 02000000
#define CLOSE_RANGE_CLOEXEC 4
#define PR_SET_PDEATHSIG 1
#define PR_SET_DUMPABLE 4
#define PR_SET_NAME 15
#define CLOCK_MONOTONIC 1
#define WNOHANG 1
#define P_PIDFD 3
#define WEXITED 4
#define WNOWAIT 0x01000000
#define POLLIN 1
#define SI_KERNEL 0x80
#define SIG_BLOCK 0
#define SIG_SETMASK 2
#define AF_UNIX 1
#define SOCK_STREAM 1
#define SOCK_CLOEXEC 02000000
#define SEEK_END 2
#define F_DUPFD_CLOEXEC 1030
#define MSG_PEEK 2
#define MSG_CTRUNC 8
#define MSG_TRUNC 0x20
#define MSG_DONTWAIT 0x40
#define MSG_CMSG_CLOEXEC 0x40000000

#define CLONE_NEWNS 0x20000ull
#define CLONE_NEWUTS 0x4000000ull
#define CLONE_NEWUSER 0x10000000ull
#define CLONE_NEWNET 0x40000000ull
#define CLONE_PIDFD 0x1000ull
#define CLONE_VFORK 0x4000ull
#define CLONE_PARENT 0x8000ull
#define CLONE_PARENT_SETTID 0x100000ull
#define CLONE_CLEAR_SIGHAND 0x100000000ull

struct clone_args {
	u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

struct siginfo {
	s32 signo, error, code;
	s32 rest[29]; /* 128 bytes */
};

struct timespec {
	s64 sec, nsec;
};

struct pollfd {
	s32 fd;
	u16 events, revents;
};

struct iovec {
	void *base;
	u64 len;
};

struct msghdr {
	void *name;
	u32 namelen;
	struct iovec *iov;
	u64 iovlen;
	void *control;
	u64 controllen;
	u32 flags;
};

struct cmsghdr {
	u64 len;
	s32 level, type;
};

#define sys0(nr) raw_syscall(nr, 0, 0, 0, 0, 0, 0)
#define sys1(nr, a) raw_syscall(nr, (s64)(a), 0, 0, 0, 0, 0)
#define sys2(nr, a, b) raw_syscall(nr, (s64)(a), (s64)(b), 0, 0, 0, 0)
#define sys3(nr, a, b, c) raw_syscall(nr, (s64)(a), (s64)(b), (s64)(c), 0, 0, 0)
#define sys4(nr, a, b, c, d) raw_syscall(nr, (s64)(a), (s64)(b), (s64)(c), (s64)(d), 0, 0)
#define sys5(nr, a, b, c, d, e) raw_syscall(nr, (s64)(a), (s64)(b), (s64)(c), (s64)(d), (s64)(e), 0)
#define sys6(nr, a, b, c, d, e, f) raw_syscall(nr, (s64)(a), (s64)(b), (s64)(c), (s64)(d), (s64)(e), (s64)(f))
