/* The container's init (pid 1): reaps what is orphaned, forwards what it is sent, ends with its command. And the v1 group killer. */
#include "syscall.h"
#include "interpret.h"

static void exit_as(s32 status)
{
	/* pid 1 can't die by its own signal, so a signal becomes 128 + n, as shells say it. */
	sys1(NR_exit_group, (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f));
}

static void reap(struct command_status *told, s64 command)
{
	for (;;) {
		s32 status = 0;
		s64 pid = sys4(NR_wait4, -1, &status, WNOHANG, 0);
		if (pid == -EINTR)
			continue;
		if (pid <= 0)
			return; /* nobody, or nobody yet */
		if (pid != command)
			continue;
		told->status = status;
		__atomic_store_n(&told->done, 1, __ATOMIC_RELEASE);
		exit_as(status);
	}
}

/*
 * The command's exec tells Node that the container runs, and Node may enter it by its init at once: not before the init lets it.
 * By the call that the init itself waits with, so that filters need nothing more. Bounded: what goes wrong in the init ends both.
 */
static void wait_for_init(struct command_status *told)
{
	const u64 none = 0;
	const struct timespec span = {0, 20000};
	for (u32 i = 0; i < 5000 && __atomic_load_n(&told->init_ready, __ATOMIC_ACQUIRE) == 0; i++)
		(void)sys4(NR_rt_sigtimedwait, &none, 0, &span, sizeof(none));
}

s64 become_init(struct context *context)
{
	u64 all = ~0ull, none = 0;
	s64 result = sys4(NR_rt_sigprocmask, SIG_SETMASK, &all, 0, sizeof(all));
	if (result < 0)
		return result;
	/* Not clone3: seccomp can't see its flags, so filters answer it with ENOSYS. */
	s64 command = sys5(NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (command < 0)
		return command;
	struct command_status *told = context->command;
	if (command == 0) {
		wait_for_init(told);
		return sys4(NR_rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof(none));
	}
	/*
	 * The container may read and write its init (ptrace, /proc/1/mem): nothing of the plan stays there. No descriptor
	 * either: the command's exec must be the last close of the launcher's socket, and its streams end when it closes them.
	 */
	u8 *file = context->file;
	const u64 size = context->plan->size, shared = context->plan->shared;
	if (sys3(NR_close_range, 0, ~0u, 0) < 0 || sys2(NR_munmap, file, size) < 0 ||
	    sys2(NR_munmap, context->base, shared) < 0)
		sys1(NR_exit_group, 1);
	/* Giving up privileges has put it out of reach also of the owner who enters the container by it; 1 is never refused. */
	(void)sys2(NR_prctl, PR_SET_DUMPABLE, 1);
	__atomic_store_n(&told->init_ready, 1, __ATOMIC_RELEASE);
	for (;;) {
		struct siginfo info;
		/* Blocked signals reach even pid 1, which ignores unblocked ones without a handler; see pid_namespaces(7). */
		s64 signal = sys4(NR_rt_sigtimedwait, &all, &info, 0, sizeof(all));
		if (signal == SIGCHLD)
			reap(told, command);
		else if (signal > 0 && info.code != SI_KERNEL) /* the terminal sends to the whole group, the command included */
			/* ESRCH: it has just ended, the next SIGCHLD says so. */
			(void)sys2(NR_kill, command, signal);
	}
}

/* One pass over the list: how many were killed, or a negative errno. */
static s64 kill_once(s64 dir, const char *file)
{
	char text[512];
	s64 killed = 0, pid = 0;
	const s64 self = sys0(NR_getpid);
	s64 fd = sys4(NR_openat, dir, file, O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	for (;;) {
		s64 n = sys3(NR_read, fd, text, sizeof(text));
		if (n == -EINTR)
			continue;
		if (n <= 0)
			break;
		for (s64 i = 0; i < n; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				/* Stays too large once it is: what isn't a pid of this kernel's must not wrap around to one. */
				pid = pid > PID_MAX_LIMIT ? pid : pid * 10 + (text[i] - '0');
				continue;
			}
			/* 0 is a process of another pid namespace, which can't be named from here. */
			if (pid > 1 && pid <= PID_MAX_LIMIT && pid != self && sys2(NR_kill, pid, SIGKILL) == 0)
				killed++;
			pid = 0;
		}
	}
	sys1(NR_close, fd);
	return killed;
}

s64 kill_listed(s64 dir, const char *file)
{
	/* A fork can outrun one pass; a thousand passes of a millisecond are longer than any pids limit allows. */
	for (u32 pass = 0; pass < 1000; pass++) {
		s64 killed = kill_once(dir, file);
		if (killed <= 0)
			return killed;
		nap_ms(1);
	}
	return -EAGAIN;
}
