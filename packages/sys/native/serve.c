/*
 * The launcher as a fork server: it stays between starts, so that Node pays for a message instead of a spawn and an exec, whose
 * cost grows with the descriptors that Node has open.
 *
 * It has a socket to Node in place of a plan, and never sees a plan itself. A process that it has made in advance takes the
 * requests, so that a launcher is there at once: the spare becomes it, and the server makes the next spare meanwhile. What needs no
 * launcher is cloned by the spare, which stays; and when such a start was like the one before, its process is made in advance, to take the
 * next request itself. All of them are Node's children (CLONE_PARENT), with no other descriptors than a
 * launcher that Node starts. The pid of the answer lies in shared memory before it runs.
 */
#include "syscall.h"
#include "interpret.h"
#include "serve.h"

/* Descriptors of the server itself are above all that a request can bring. */
#define KEPT_FD 64
#define SLOTS_SIZE ((LEFT_SLOT + 1) * sizeof(s32))
/* Made when the start has come: copies of mounts, of the host's name and of settings of the network must not be old ones. */
#define LATE_NAMESPACES (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET)
/* The longest that a process stays awake for a message that was announced. */
#define AWAKE_NS 500000
#define PATIENCE_NS 2000000
#define RESTS 64 /* some 2 us */
#define MOST_LOOKS 2000 /* where there is no clock */
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

/* The next request stays where it is, with its descriptors: the length of the message, 0 at the end of the socket. */
static s64 peek(s32 socket, struct request *request, s64 flags)
{
	struct iovec data = {request, sizeof(*request)};
	struct msghdr message = {0, 0, &data, 1, 0, 0, 0};
	s64 result;
	do
		result = sys3(NR_recvmsg, socket, &message, MSG_PEEK | flags);
	while (result == -EINTR);
	return result;
}

/* To wake up takes longer than all of a message's way: who knows that one comes stays awake for it, where nobody else needs the CPU. */
static s64 peek_awake(s32 socket, struct request *request)
{
	const u64 until = now_ns() + AWAKE_NS;
	for (u32 looks = 0; looks < MOST_LOOKS && now_ns() < until; looks++) {
		const s64 result = peek(socket, request, MSG_DONTWAIT);
		if (result != -EAGAIN)
			return result;
		sys0(NR_sched_yield);
		/* The other thread of this core may be the one that Node runs on: it gets nearly all of the core. */
		for (u32 rests = 0; rests < RESTS; rests++)
			rest();
	}
	return peek(socket, request, 0);
}

/* The next request: 1, 0 when there will be no more, or a negative errno that is the answer to this one. */
static s64 receive(s32 socket, struct request *request)
{
	struct {
		struct cmsghdr header;
		s32 fds[SERVED_DESCRIPTORS];
	} control;
	struct iovec data = {request, sizeof(*request)};
	struct msghdr message;
	s64 result;
	for (;;) {
		/* The kernel writes into it how much came. */
		message = (struct msghdr){0, 0, &data, 1, &control, sizeof(control), 0};
		result = sys3(NR_recvmsg, socket, &message, MSG_CMSG_CLOEXEC);
		if (result == ANNOUNCEMENT_SIZE)
			peek_awake(socket, request);
		/* Also the confirmation of a start whose process was killed. */
		else if (result != -EINTR && (result <= 0 || result >= ANNOUNCEMENT_SIZE))
			break;
	}
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

/* Waits for a byte, which says that something has happened; 0: it never will, who could say so has ended. */
static s32 hears(s32 fd)
{
	u8 byte;
	s64 length;
	do
		length = sys3(NR_read, fd, &byte, 1);
	while (length == -EINTR);
	return length == 1;
}

static s32 put(s32 fd, s32 place)
{
	if (sys3(NR_dup3, fd, place, O_CLOEXEC) < 0)
		leave(108);
	return place;
}

/*
 * The new process has what Node sent and, if it is the container's own, a pidfd of Node, and the socket and the notice until the start is
 * confirmed: nothing else.
 */
static void take_over(const struct request *request, s32 *slots, struct served *served)
{
	/* It may stay as the init of a container, whose processes may reach its memory: Node believes what lies in the slots. */
	if (sys2(NR_munmap, slots, SLOTS_SIZE) < 0)
		leave(103);
	const s32 streams = PLAN_FD + (s32)request->descriptors - 3;
	for (s32 i = 0; i < 3; i++)
		if (sys3(NR_dup3, streams + i, i, 0) < 0)
			leave(108);
	s32 next = streams;
	if (request->alone) {
		served->caller = put(served->caller, next++);
		served->unconfirmed = request->unconfirmed;
		if (served->socket != 0)
			served->socket = put(served->socket, next++);
		if (served->notice != 0)
			served->notice = put(served->notice, next++);
	} else {
		*served = (struct served){0, 0, 0, 0};
	}
	if (sys3(NR_close_range, next, ~0u, 0) < 0)
		leave(105);
}

/*
 * A child of Node, whose pid lies at `tid` before it runs: 0 in it, else its pid or a negative errno. Who made it gets a pidfd, unless
 * `pidfd` is 0.
 */
static s64 make_process(u64 flags, s32 *tid, s32 *pidfd)
{
	struct clone_args args = {.flags = CLONE_PARENT | CLONE_PARENT_SETTID | flags, .parent_tid = (u64)tid, .pidfd = (u64)pidfd};
	if (pidfd != 0)
		args.flags |= CLONE_PIDFD;
	return sys2(NR_clone3, &args, sizeof(args));
}

/* The start that is under way has the CPU: what will be needed for the next one is made when it has ended, or takes long, or the next one is there. */
static void give_way(s32 pidfd, s32 socket)
{
	const struct timespec patience = {0, PATIENCE_NS};
	struct pollfd polls[2] = {{pidfd, POLLIN, 0}, {socket, POLLIN, 0}};
	/* Whatever comes of it, the next thing is the same. */
	(void)sys5(NR_ppoll, polls, 2, &patience, 0, 8);
}

static void enter_late(u64 flags)
{
	/* When the kernel refuses, the spare is refused the same, and says so. */
	if ((flags & LATE_NAMESPACES) != 0 && sys1(NR_unshare, flags & LATE_NAMESPACES) < 0)
		leave(0);
}

/* In a process that was made in advance: returns with the request that it was made for. The spare takes those that are none of it. */
static void await(s32 socket, u64 flags, s32 *slots, struct request *request)
{
	u32 announced = 0;
	s64 length = peek(socket, request, 0);
	if (length == ANNOUNCEMENT_SIZE) {
		/* Whatever is done between the announcement and the request is nobody's to expect in these namespaces. */
		if (sys3(NR_read, socket, &announced, sizeof(announced)) != sizeof(announced))
			leave(0);
		enter_late(flags);
		length = peek_awake(socket, request);
	}
	if (length != sizeof(*request) || request->slot >= SERVED_SLOTS || !request->alone || request->flags != flags)
		leave(0);
	/* The announced start never came: these namespaces are too old for another one. */
	if (announced != 0 && request->announced != announced)
		leave(0);
	if (announced == 0)
		enter_late(flags);
	/* From here on Node waits for this process. */
	const u32 slot = request->slot;
	__atomic_store_n(&slots[slot], __atomic_exchange_n(&slots[ADVANCE_SLOT], 0, __ATOMIC_ACQ_REL), __ATOMIC_RELEASE);
	if (receive(socket, request) != 1)
		leave(110);
}

/* The process that waits for a request tells the one that will make the next. Nobody there: Node sees that by their end. */
static void tell_taken(s32 notice)
{
	u8 taken = 1;
	sys3(NR_write, notice, &taken, 1);
}

/* Node looks, while the request is under way, whether it is still as it was when this server was made: it confirms, or closes. */
void await_confirmation(struct served *served)
{
	struct request request;
	if (served->socket == 0)
		return;
	if (peek_awake(served->socket, &request) != 1 || !hears(served->socket))
		leave(0);
	sys1(NR_close, served->socket);
	served->socket = 0;
	if (served->notice == 0)
		return;
	/* Only now: the confirmation is no message for anybody else. */
	tell_taken(served->notice);
	sys1(NR_close, served->notice);
	served->notice = 0;
}

/*
 * In the spare: make the process for a start like the last one, and wait until it has taken a request. 1 when it has, 0 when there is
 * a request, or an end, that isn't for it, -1 in the new process, which has its request then.
 */
static s32 make_in_advance(s32 socket, s32 others, u64 flags, s32 *slots, struct request *request, struct served *served)
{
	s32 notice[2];
	if (sys2(NR_pipe2, notice, O_CLOEXEC) < 0)
		return 0;
	const s32 mine = keep(notice[0]), theirs = keep(notice[1]);
	if (sys3(NR_close_range, PLAN_FD, KEPT_FD - 1, 0) < 0)
		leave(105);
	s32 pidfd = -1;
	const s64 pid = make_process(CLONE_CLEAR_SIGHAND | (flags & ~LATE_NAMESPACES), &slots[ADVANCE_SLOT], &pidfd);
	if (pid == 0) {
		/* Open here, these would hide the end of the spare from the server and from us. */
		sys1(NR_close, others);
		sys1(NR_close, mine);
		await(socket, flags, slots, request);
		served->socket = socket;
		served->notice = theirs;
		return -1;
	}
	sys1(NR_close, theirs);
	const s32 taken = pid > 0 && hears(mine);
	sys1(NR_close, mine);
	if (taken)
		give_way(pidfd, socket);
	/* What comes with a request takes the lowest numbers. */
	if (pidfd >= 0)
		sys1(NR_close, pidfd);
	/* It is Node's child: unless it became a start, Node must be told of it. */
	if (!taken && pid > 0 && slots[ADVANCE_SLOT] == (s32)pid) {
		__atomic_store_n(&slots[LEFT_SLOT], (s32)pid, __ATOMIC_RELEASE);
		__atomic_store_n(&slots[ADVANCE_SLOT], 0, __ATOMIC_RELEASE);
	}
	return taken;
}

/* In the spare: returns in a process that has a plan to perform. */
static void attend(s32 socket, s32 notice, s32 *slots, struct served *served)
{
	const s64 parent = sys0(NR_getppid);
	/* Flags of the last start without a launcher, and whether the one before had the same. */
	u64 last = ~0ull;
	s32 again = 0;
	for (;;) {
		struct request request;
		if (sys3(NR_close_range, PLAN_FD, KEPT_FD - 1, 0) < 0)
			leave(105);
		/* Not while requests wait, nor before Node has waited for the last one that left. */
		if (again && __atomic_load_n(&slots[LEFT_SLOT], __ATOMIC_ACQUIRE) == 0 &&
		    peek(socket, &request, MSG_DONTWAIT) == -EAGAIN) {
			const s32 taken = make_in_advance(socket, notice, last, slots, &request, served);
			if (taken < 0) {
				take_over(&request, slots, served);
				return;
			}
			if (taken)
				continue;
			again = 0;
		}
		s64 result = receive(socket, &request);
		if (result == 0 || !hears(socket)) /* the confirmation */
			leave(0);
		if (result > 0 && !request.alone) {
			/* Not the spare any more, before anybody can take its end for the end of one. */
			const s32 self = __atomic_exchange_n(&slots[SPARE_SLOT], 0, __ATOMIC_ACQ_REL);
			__atomic_store_n(&slots[request.slot], self, __ATOMIC_RELEASE);
			tell_taken(notice);
			take_over(&request, slots, served);
			return;
		}
		if (result > 0) {
			/* A process that enters a user namespace is made there. */
			again = request.flags == last && (last & CLONE_NEWUSER) == 0;
			last = request.flags;
			result = make_process(CLONE_CLEAR_SIGHAND | request.flags, &slots[request.slot], 0);
			if (result == 0) {
				take_over(&request, slots, served);
				return;
			}
		}
		if (result < 0) {
			again = 0;
			__atomic_store_n(&slots[request.slot], (s32)result, __ATOMIC_RELEASE);
			if (sys0(NR_getppid) == parent)
				sys2(NR_kill, parent, SIGCHLD);
		}
	}
}

void serve(struct served *served)
{
	served->caller = keep(sys2(NR_pidfd_open, sys0(NR_getppid), 0));
	const s32 socket = keep(PLAN_FD);
	const s64 shared = sys6(NR_mmap, 0, SLOTS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, SLOTS_FD, 0);
	if (shared < 0 && shared > -4096)
		leave(107);
	s32 *const slots = (s32 *)shared;
	for (;;) {
		s32 notice[2];
		if (sys2(NR_pipe2, notice, O_CLOEXEC) < 0)
			leave(107);
		const s32 mine = keep(notice[0]), theirs = keep(notice[1]);
		/* Also the numbers that were kept under another: an end of the pipe that stays open would hide the end of the spare. */
		if (sys3(NR_close_range, PLAN_FD, KEPT_FD - 1, 0) < 0)
			leave(105);
		s32 pidfd = -1;
		const s64 result = make_process(0, &slots[SPARE_SLOT], &pidfd);
		if (result == 0) {
			sys1(NR_close, mine);
			attend(socket, theirs, slots, served);
			return;
		}
		sys1(NR_close, theirs);
		if (result < 0)
			leave(109);
		__atomic_store_n(&slots[READY_SLOT], 1, __ATOMIC_RELEASE);
		/* The end of a spare that has taken nothing: there will be no more requests. */
		if (!hears(mine))
			leave(0);
		sys1(NR_close, mine);
		give_way(pidfd, socket);
	}
}
