/*
 * The launcher as a fork server: it stays between starts, so that Node pays for a message instead of a spawn and an exec, whose
 * cost grows with the descriptors that Node has open.
 *
 * It has a socket to Node in place of a plan, and never sees a plan itself: a new process is made for each, as Node's child
 * (CLONE_PARENT), with no other descriptors than a launcher that Node starts. Its pid lies in shared memory before it runs.
 */
#include "serve.h"
#include "syscall.h"

/* Descriptors of the server itself are above all that a request can bring. */
#define KEPT_FD 64
#define SLOTS_SIZE ((SERVED_SLOTS + 1) * sizeof(s32))
_Static_assert(PLAN_FD + SERVED_DESCRIPTORS < KEPT_FD, "received descriptors end below the kept ones");

static _Noreturn void leave(s32 code)
{
	for (;;)
		sys1(NR_exit_group, code);
}

static s32 keep(s64 fd)
{
	const s64 kept = sys3(NR_fcntl, fd, F_DUPFD_CLOEXEC, KEPT_FD);
	if (fd < 0 || kept < 0)
		leave(107);
	return (s32)kept;
}

/* The next request: 1, 0 when there will be no more, or a negative errno that is the answer to this one. */
static s64 receive(s32 socket, struct request *request)
{
	struct {
		struct cmsghdr header;
		s32 fds[SERVED_DESCRIPTORS];
	} control;
	struct iovec data = {request, sizeof(*request)};
	struct msghdr message = {0, 0, &data, 1, &control, sizeof(control), 0};
	s64 result;
	do
		result = sys3(NR_recvmsg, socket, &message, MSG_CMSG_CLOEXEC);
	while (result == -EINTR);
	if (result != sizeof(*request) || request->slot >= SERVED_SLOTS)
		return 0;
	/* The limit of open files was reached: the kernel hands over as many as fit. */
	if (message.flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EMFILE;
	if (request->descriptors < 4 || request->descriptors > SERVED_DESCRIPTORS || message.controllen < sizeof(control.header) ||
	    control.header.len != sizeof(control.header) + request->descriptors * sizeof(s32))
		return -EINVAL;
	/* The lowest free numbers were taken, in order: those after the standard streams, which is where a launcher looks for them. */
	for (u32 i = 0; i < request->descriptors; i++)
		if (control.fds[i] != (s32)(PLAN_FD + i))
			return -EBADF;
	return 1;
}

/* The new process has what Node sent and, if it is the container's own, a pidfd of Node: nothing else. */
static s32 take_over(const struct request *request, s32 caller, s32 *slots)
{
	/* It may stay as the init of a container, whose processes may reach its memory: Node believes what lies in the slots. */
	if (sys2(NR_munmap, slots, SLOTS_SIZE) < 0)
		leave(103);
	const s32 streams = PLAN_FD + (s32)request->descriptors - 3;
	for (s32 i = 0; i < 3; i++)
		if (sys3(NR_dup3, streams + i, i, 0) < 0)
			leave(108);
	if (request->alone && sys3(NR_dup3, caller, streams, O_CLOEXEC) < 0)
		leave(108);
	if (sys3(NR_close_range, request->alone ? streams + 1 : streams, ~0u, 0) < 0)
		leave(105);
	return request->alone ? streams : 0;
}

s32 serve(void)
{
	const s64 parent = sys0(NR_getppid);
	const s32 caller = keep(sys2(NR_pidfd_open, parent, 0));
	const s32 socket = keep(PLAN_FD);
	const s64 shared = sys6(NR_mmap, 0, SLOTS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, SLOTS_FD, 0);
	if (shared < 0 && shared > -4096)
		leave(107);
	s32 *const slots = (s32 *)shared;
	__atomic_store_n(&slots[READY_SLOT], 1, __ATOMIC_RELEASE);
	for (;;) {
		struct request request;
		if (sys3(NR_close_range, PLAN_FD, KEPT_FD - 1, 0) < 0)
			leave(105);
		s64 result = receive(socket, &request);
		if (result == 0)
			leave(0);
		if (result > 0) {
			struct clone_args args = {0};
			args.flags = CLONE_PARENT | CLONE_PARENT_SETTID | (request.alone ? request.flags | CLONE_CLEAR_SIGHAND : 0);
			args.parent_tid = (u64)&slots[request.slot];
			result = sys2(NR_clone3, &args, sizeof(args));
			if (result == 0)
				return take_over(&request, caller, slots);
		}
		if (result < 0) {
			__atomic_store_n(&slots[request.slot], (s32)result, __ATOMIC_RELEASE);
			if (sys0(NR_getppid) == parent)
				sys2(NR_kill, parent, SIGCHLD);
		}
	}
}
