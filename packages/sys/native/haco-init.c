/*
 * The launcher: a static program that performs a plan (src/codec/wire.ts) which Node wrote into shared memory.
 *
 * It is started with the plan as descriptor 3. Operations before the clone run here, those after it in the new process, which
 * is a sibling (CLONE_PARENT): the container is Node's own child. Then this process performs the parent phase, waits until
 * the container ends or Node does, and performs the undo phase. It knows no container: only operations.
 *
 * Started with a socket as descriptor 3, it makes such processes when Node asks for them (serve.c).
 */
#include "syscall.h"
#include "interpret.h"
#include "serve.h"

ENTRY;

/* Descriptors of the choreography between the launcher and the new process; set to -1 at the start: no .data, a smaller file. */
static s32 caller; /* pidfd of Node */
static s32 child;  /* pidfd of the new process */
static s32 sync_fds[2];

static _Noreturn void quit(s32 code)
{
	for (;;)
		sys1(NR_exit_group, code);
}

static void report_failure(struct context *context, const struct outcome *outcome)
{
	u32 none = 0;
	/* The first failure is the answer: what fails because of it says nothing. */
	if (__atomic_compare_exchange_n(&context->report->failed, &none, outcome->failed, 0, __ATOMIC_ACQ_REL,
					__ATOMIC_RELAXED))
		context->report->error = outcome->error;
}

static int readable(s32 fd, const struct timespec *timeout)
{
	struct pollfd poll = {fd, POLLIN, 0};
	return sys5(NR_ppoll, &poll, 1, timeout, 0, 8) == 1;
}

/* Whether Node has ended; it can't have been replaced by another process of its pid, the pidfd knows. */
static int caller_gone(void)
{
	struct timespec now = {0, 0};
	return readable(caller, &now);
}

/* First moments of the new process: bound to Node's life, unblocked, and, with a parent phase, waiting for its end. */
static void enter_child(struct context *context)
{
	u64 none = 0;
	if (context->plan->flags & PLAN_DIE_WITH_CALLER) {
		if (sys2(NR_prctl, PR_SET_PDEATHSIG, SIGKILL) < 0)
			quit(1);
		/* It may have ended between the clone and the line above. */
		if (caller_gone())
			quit(1);
	}
	if (sys4(NR_rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof(none)) < 0)
		quit(1);
	if (context->plan->flags & PLAN_SYNC) {
		u8 go = 0;
		s64 result;
		/* Takes the place of the plan's descriptor, so that all others can be closed as one range. */
		if (sys3(NR_dup3, sync_fds[1], PLAN_FD, O_CLOEXEC) < 0)
			quit(1);
		sys1(NR_close, sync_fds[0]);
		sys1(NR_close, sync_fds[1]);
		do
			result = sys3(NR_read, PLAN_FD, &go, 1);
		while (result == -EINTR);
		if (result != 1)
			quit(1);
	}
}

static s64 clone_child(struct context *context, struct clone_args *args)
{
	const int sync = (context->plan->flags & PLAN_SYNC) != 0;
	/* Without VFORK the new process waits on a socket: its end is seen as end of file, whoever dies. */
	if (sync) {
		s64 result = sys4(NR_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sync_fds);
		if (result < 0)
			return result;
	}
	args->flags |= CLONE_PARENT | CLONE_CLEAR_SIGHAND | CLONE_PIDFD | CLONE_PARENT_SETTID | (sync ? 0 : CLONE_VFORK);
	args->pidfd = (u64)&child;
	/* Known before the new process does anything, while VFORK keeps us here: Node can kill it, whatever it waits for. */
	args->parent_tid = (u64)&context->report->child;
	/* clone3 refuses CLONE_PARENT with an exit signal (EINVAL); the child inherits ours, SIGCHLD. */
	args->exit_signal = 0;
	s64 pid = sys2(NR_clone3, args, sizeof(*args));
	if (pid == 0)
		enter_child(context);
	if (pid > 0)
		__atomic_store_n(&context->report->state, STATE_CLONED, __ATOMIC_RELEASE);
	return pid;
}

/* Wait until `fd` is readable or at its end, which stands for something that the new process does. When Node ends first, it is killed. */
static void wait_for(const struct context *context, s32 fd)
{
	struct pollfd polls[2] = {{fd, POLLIN, 0}, {caller, POLLIN, 0}};
	const u64 count = (context->plan->flags & PLAN_DIE_WITH_CALLER) ? 2 : 1;
	for (;;) {
		s64 ready = sys5(NR_ppoll, polls, count, 0, 0, 8);
		if (ready < 0 && ready != -EINTR)
			return;
		if (polls[0].revents != 0)
			return;
		if (ready > 0 && count == 2 && polls[1].revents != 0) {
			/* What is frozen on cgroup v1 dies only when it is thawed, which is for the undo phase to do. */
			const struct timespec patience = {2, 0};
			sys4(NR_pidfd_send_signal, child, SIGKILL, 0, 0);
			readable(child, &patience);
			return;
		}
	}
}

/* Let the new process go on, and return when it runs its command or has ended. */
static void release_child(const struct context *context)
{
	u8 byte = 1;
	s64 result;
	if ((context->plan->flags & PLAN_SYNC) == 0)
		return; /* VFORK: we were only woken by its exec or its end */
	sys1(NR_close, sync_fds[1]);
	do
		result = sys3(NR_write, sync_fds[0], &byte, 1);
	while (result == -EINTR);
	if (result == 1) /* else it has ended already */
		/* Its set-up may wait for something, and the kernel forgets PR_SET_PDEATHSIG when a process changes its user. */
		wait_for(context, sync_fds[0]);
	sys1(NR_close, sync_fds[0]);
}

/* Have Node look at the report, which it does on every SIGCHLD. */
static void notify(const struct context *context)
{
	/* Node's pid can't be another process's while it is our parent. */
	if (sys0(NR_getppid) == context->plan->caller)
		sys2(NR_kill, context->plan->caller, SIGCHLD);
}

/* Stay until the container has ended. */
static void watch(const struct context *context)
{
	/* Whoever waits for the end of the container's streams waits for the container, not for us. */
	sys3(NR_close_range, 0, 2, 0);
	wait_for(context, child);
	if (context->command != 0 && __atomic_load_n(&context->command->done, __ATOMIC_ACQUIRE) != 0) {
		context->report->init_status = context->command->status;
		__atomic_store_n(&context->report->init_done, 1, __ATOMIC_RELEASE);
	}
}

static void undo(struct context *context)
{
	/* Each undo step is tried, whatever became of the others. */
	for (u32 from = context->plan->undo; from < context->plan->nops;) {
		struct outcome outcome = interpret(context, from, context->plan->nops, clone_child);
		if (outcome.failed == 0)
			break;
		if (context->report->undo_failed == 0) {
			context->report->undo_error = outcome.error;
			context->report->undo_failed = outcome.failed;
		}
		const u16 step = context->ops[outcome.next].step;
		for (from = outcome.next + 1; from < context->plan->nops && context->ops[from].step == step;)
			from++;
	}
	__atomic_store_n(&context->report->state, STATE_ENDED, __ATOMIC_RELEASE);
}

static _Noreturn void run_launcher(struct context *context)
{
	struct outcome outcome = interpret(context, 0, context->plan->parent, clone_child);
	if (outcome.cloned == 2) {
		/* The new process: its operations ended without an exec, or one failed. */
		if (outcome.failed == 0) {
			outcome.failed = context->plan->parent;
			outcome.error = EINVAL;
		}
		report_failure(context, &outcome);
		quit(1);
	}
	if (outcome.failed == 0 && outcome.cloned == 1) {
		outcome = interpret(context, context->plan->parent, context->plan->undo, clone_child);
		if (outcome.failed == 0) {
			release_child(context);
			if (__atomic_load_n(&context->report->failed, __ATOMIC_ACQUIRE) == 0) {
				context->report->running_ns = now_ns();
				__atomic_store_n(&context->report->state, STATE_RUNNING, __ATOMIC_RELEASE);
			}
		} else {
			report_failure(context, &outcome);
			sys4(NR_pidfd_send_signal, child, SIGKILL, 0, 0);
		}
	} else if (outcome.failed != 0) {
		report_failure(context, &outcome);
	}
	if (context->plan->undo < context->plan->nops || context->command != 0) {
		if (child >= 0) {
			/* Our own end is the notice otherwise. */
			if (context->plan->flags & PLAN_NOTIFY)
				notify(context);
			watch(context);
		}
		undo(context);
		/* All is said and done: our own end, which takes the kernel a while, is nothing to wait for. */
		notify(context);
	} else {
		__atomic_store_n(&context->report->state, STATE_ENDED, __ATOMIC_RELEASE);
	}
	quit(context->report->failed == 0 ? 0 : 1);
}

/* The clone of a plan whose new process the fork server has made already: we are in it. */
static s64 made_by_server(struct context *context, struct clone_args *args)
{
	(void)args;
	enter_child(context);
	return 0;
}

/* The plan of a container that needs no launcher: its own process performs all of it. */
static _Noreturn void run_alone(struct context *context, struct served *served)
{
	const u32 end = context->plan->parent;
	const u32 unconfirmed = served->unconfirmed < end ? served->unconfirmed : end;
	struct outcome outcome = interpret(context, 0, unconfirmed, made_by_server);
	await_confirmation(served);
	if (outcome.failed == 0)
		outcome = interpret(context, unconfirmed, end, made_by_server);
	if (outcome.failed == 0) { /* no exec at the end */
		outcome.failed = end;
		outcome.error = EINVAL;
	}
	report_failure(context, &outcome);
	quit(1);
}

/* Pointers into the plan become addresses. */
static void relocate(struct context *context)
{
	const u32 *relocs = (const u32 *)(context->base + context->plan->relocs);
	for (u32 i = 0; i < context->plan->nrelocs; i++)
		*(u64 *)(context->base + relocs[i]) = (u64)at_offset(context, *(const u64 *)(context->base + relocs[i]));
}

static s64 map(s64 size, s64 flags, s64 fd)
{
	const s64 result = sys6(NR_mmap, 0, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (result < 0 && result > -4096)
		quit(103);
	return result;
}

/* Share the plan's memory with Node, and copy all that isn't meant to change. */
static void take_plan(struct context *context)
{
	const s64 size = sys3(NR_lseek, PLAN_FD, 0, SEEK_END);
	if (size < (s64)sizeof(struct plan) || size > PLAN_MAX_SIZE)
		quit(102);
	context->file = (u8 *)map(size, MAP_SHARED, PLAN_FD);
	const u32 copied = ((const volatile struct plan *)context->file)->shared;
	if (copied < sizeof(struct plan) || copied > size)
		quit(102);
	context->base = (u8 *)map(copied, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
	if (sys4(NR_pread64, PLAN_FD, context->base, copied, 0) != copied)
		quit(103);
	context->plan = (struct plan *)context->base;
	if (!plan_valid(context->plan, copied, (u64)size))
		quit(104);
	context->ops = (struct op *)(context->base + context->plan->ops);
	context->report = (struct report *)(context->file + context->plan->report);
	if (context->plan->flags & PLAN_INIT)
		context->command = (struct command_status *)map(sizeof(struct command_status), MAP_SHARED | MAP_ANONYMOUS, -1);
	relocate(context);
}

/* A program that gained privileges by its file's mode must not perform anybody's plan; see getauxval(3), AT_SECURE. */
static int is_secure(const s64 *stack)
{
	const s64 *at = stack + 1 + stack[0] + 1; /* argc, argv, NULL */
	while (*at != 0)
		at++; /* envp */
	for (at++; at[0] != 0; at += 2)
		if (at[0] == 23)
			return at[1] != 0;
	return 1;
}

static struct context context; /* 1 KiB of slots; pages of bss cost nothing until used */

_Noreturn void launcher(const s64 *stack);

_Noreturn void launcher(const s64 *stack)
{
	u64 all = ~0ull;
	child = sync_fds[0] = sync_fds[1] = -1;
	/* Ctrl-C goes to the whole foreground group: the container may die of it, the one who cleans up must not. */
	if (sys4(NR_rt_sigprocmask, SIG_SETMASK, &all, 0, sizeof(all)) < 0)
		quit(100);
	if (is_secure(stack))
		quit(101);
	sys2(NR_prctl, PR_SET_NAME, "haco-init");
	/* A plan is a file; what can't be sought in is the socket of a server. */
	struct served served = {0, 0, 0, 0};
	if (sys3(NR_lseek, PLAN_FD, 0, SEEK_END) == -ESPIPE)
		serve(&served);
	take_plan(&context);
	context.report->started_ns = now_ns();
	for (u32 i = 0; i < MAX_SLOTS; i++)
		context.slots[i] = -1;
	/* What Node handed over on purpose is kept until the exec, nothing beyond it. */
	if (sys3(NR_close_range, PLAN_FD, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		quit(105);
	/* In a pid namespace of its own a process can't name Node any more: the server has kept hold of it. */
	caller = served.caller != 0 ? served.caller : (s32)sys2(NR_pidfd_open, context.plan->caller, 0);
	context.slots[CALLER_SLOT] = caller;
	if (served.caller != 0)
		run_alone(&context, &served);
	if (caller < 0 || sys0(NR_getppid) != context.plan->caller)
		quit(106);
	run_launcher(&context);
}
