/*
 * Fuzzes the whole launcher with a kernel of random answers: whatever a valid plan says and whatever the kernel answers, it never
 * reads or writes outside of the plan and its slots, nor what the init has given up. The production sources are included as they are.
 */
#include "../syscall.h"

/* No libc headers: the launcher has its own struct timespec and so on. */
extern void *malloc(unsigned long);
extern void free(void *);
extern int _setjmp(void *) __attribute__((returns_twice));
extern void longjmp(void *, int) __attribute__((noreturn));

static s64 kernel(s64 nr, s64 a, s64 b, s64 c, s64 d);
static s64 plan_syscall(s64 nr, s64 a, s64 b, s64 c, s64 d, s64 e, s64 f);

/* Calls of the plan go through raw_syscall, those of the launcher itself through the macros: only these may write to memory. */
#undef sys0
#undef sys1
#undef sys2
#undef sys3
#undef sys4
#undef sys5
#undef sys6
#define sys0(nr) kernel(nr, 0, 0, 0, 0)
#define sys1(nr, a) kernel(nr, (s64)(a), 0, 0, 0)
#define sys2(nr, a, b) kernel(nr, (s64)(a), (s64)(b), 0, 0)
#define sys3(nr, a, b, c) kernel(nr, (s64)(a), (s64)(b), (s64)(c), 0)
#define sys4(nr, a, b, c, d) kernel(nr, (s64)(a), (s64)(b), (s64)(c), (s64)(d))
#define sys5(nr, a, b, c, d, e) kernel(nr, (s64)(a), (s64)(b), (s64)(c), (s64)(d))
#define sys6(nr, a, b, c, d, e, f) ((void)(d), kernel(nr, (s64)(a), (s64)(b), (s64)(e), (s64)(f))) /* mmap: the descriptor third */
#define raw_syscall plan_syscall
#undef ENTRY
#define ENTRY struct no_entry

#include "../plan.c"
#include "../interpret.c"
#include "../init.c"
#include "../serve.c"
#include "../haco-init.c"
#include "plan-from-bytes.h"

static struct source source;
static long end[64];
static u32 calls, serving;
static u8 *file, *maps[8];
static u64 file_size;
static u32 nmaps;

static s64 plan_syscall(s64 nr, s64 a, s64 b, s64 c, s64 d, s64 e, s64 f)
{
	(void)nr, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return (s64)(take(&source, 1) & 31) - 8;
}

static s64 new_map(u64 size)
{
	maps[nmaps] = malloc(size);
	for (u64 i = 0; i < size; i++)
		maps[nmaps][i] = 0;
	return (s64)maps[nmaps++];
}

static s64 unmap(u8 *address)
{
	for (u32 i = 0; i < nmaps; i++)
		if (maps[i] == address)
			maps[i] = 0;
	free(address); /* a use after this is found */
	if (address == file)
		file = 0;
	return 0;
}

static s64 answer(s64 limit)
{
	const s64 value = (s64)take(&source, 1);
	return value > 235 ? -(value - 235) : value % limit;
}

/* What a kernel may hand to a server: never more than it was given room for. */
static s64 receive_random(struct msghdr *message)
{
	struct {
		struct cmsghdr header;
		s32 fds[SERVED_DESCRIPTORS];
	} *control = message->control;
	struct request *request = message->iov->base;
	/* Who only looks has no room for descriptors. */
	const u32 count = control == 0 ? 0 : (u32)take(&source, 1) % (SERVED_DESCRIPTORS + 1);
	*request = (struct request){(u32)take(&source, 2), (u32)take(&source, 1) % 40, (u32)take(&source, 1) & 1, (u32)take(&source, 1) & 1,
				   (take(&source, 1) & 1) ? CLONE_NEWNS : 0, (u32)take(&source, 1) % 20, 0};
	if (take(&source, 1) & 1)
		request->descriptors = count;
	message->flags = (u32)take(&source, 1) & MSG_CTRUNC;
	message->controllen = count == 0 ? 0 : sizeof(control->header) + count * sizeof(s32);
	if (count > 0)
		control->header = (struct cmsghdr){message->controllen, 1, 1};
	for (u32 i = 0; i < count; i++)
		control->fds[i] = (s32)(PLAN_FD + i);
	if (control == 0 && (take(&source, 1) & 1))
		return -EAGAIN;
	switch (take(&source, 1) & 7) {
	case 0:
		return answer(30);
	case 1:
		return ANNOUNCEMENT_SIZE;
	case 2:
		return 1;
	default:
		return (s64)sizeof(*request);
	}
}

static s64 kernel(s64 nr, s64 a, s64 b, s64 c, s64 d)
{
	u8 *bytes = (u8 *)b;
	s64 n;
	if (++calls > 3000)
		longjmp(end, 1);
	switch (nr) {
	case NR_exit_group:
		longjmp(end, 1);
	case NR_lseek:
		/* The socket of a server in place of a plan, whose new process finds one. */
		serving = serving == 0 && (take(&source, 1) & 1);
		return serving ? -ESPIPE : (s64)file_size;
	case NR_fcntl:
		return KEPT_FD + answer(2);
	case NR_recvmsg:
		return receive_random((struct msghdr *)b);
	case NR_mmap:
		return c == PLAN_FD ? (s64)file : new_map((u64)b);
	case NR_munmap:
		return unmap((u8 *)a);
	case NR_pread64:
		for (s64 i = 0; i < c; i++)
			bytes[i] = file[i];
		return c;
	case NR_getppid:
		return 77;
	case NR_getpid:
		return 78;
	case NR_rt_sigprocmask:
	case NR_prctl:
	case NR_close:
	case NR_close_range:
	case NR_clock_nanosleep:
	case NR_clock_gettime:
		return 0;
	case NR_clone3:
		n = answer(3);
		if (n > 0 && ((struct clone_args *)a)->parent_tid != 0)
			*(s32 *)((struct clone_args *)a)->parent_tid = (s32)n;
		if (n > 0 && ((struct clone_args *)a)->pidfd != 0)
			*(s32 *)((struct clone_args *)a)->pidfd = 9;
		return n;
	case NR_socketpair:
		((s32 *)d)[0] = 10;
		((s32 *)d)[1] = 11;
		return answer(1);
	case NR_read:
		n = answer(c < 64 ? c + 1 : 64);
		for (s64 i = 0; i < n; i++)
			bytes[i] = (u8)take(&source, 1);
		return n;
	case NR_ppoll:
		n = answer(3);
		if (n > 0)
			((struct pollfd *)a)->revents = POLLIN;
		return n;
	case NR_rt_sigtimedwait:
		if (b != 0)
			((struct siginfo *)b)->code = (s32)take(&source, 1);
		return (take(&source, 1) & 1) ? SIGCHLD : answer(64);
	case NR_wait4:
		*(s32 *)b = (s32)take(&source, 2);
		return answer(3);
	default:
		return answer(8);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, unsigned long size);

int LLVMFuzzerTestOneInput(const u8 *data, unsigned long size)
{
	static _Alignas(16) u8 bytes[FUZZ_PLAN_MAX];
	static const s64 stack[] = {0, 0, 0, 23, 0, 0, 0}; /* no arguments, no environment, AT_SECURE = 0 */
	for (u64 i = 0; i < sizeof(bytes); i++)
		bytes[i] = 0;
	source = (struct source){data, size};
	file_size = plan_from_bytes(&source, bytes);
	file = malloc(file_size);
	for (u64 i = 0; i < file_size; i++)
		file[i] = bytes[i];
	calls = nmaps = serving = 0;
	context = (struct context){0};
	if (_setjmp(end) == 0)
		launcher(stack);
	for (u32 i = 0; i < nmaps; i++)
		free(maps[i]);
	free(file);
	return 0;
}
