/* Performing the operations of a plan. */
#pragma once
#include "plan.h"

/* What the init tells of the command, in a page of its own: processes of the container may reach the memory of their init. */
struct command_status {
	u32 done;
	s32 status;
	u32 init_ready; /* the init has put the plan away and can be looked into */
};

struct context {
	u8 *base; /* our copy of the plan up to its shared section */
	u8 *file; /* the whole plan as Node sees it: only the shared section is used */
	struct plan *plan;
	struct op *ops;
	struct report *report;
	struct command_status *command; /* NULL without PLAN_INIT */
	s64 slots[MAX_SLOTS];
};

/* Outcome of a run of operations. */
struct outcome {
	u32 failed; /* index + 1, 0 when all went well */
	s32 error;
	u32 next; /* where it stopped: after the last operation, or after the clone in the launcher */
	s32 cloned; /* 0: no clone met; 1: this is the launcher, after it; 2: this is the new process */
};

/* What a clone operation does is the launcher's business (choreography of two processes), not the interpreter's. */
typedef s64 (*clone_fn)(struct context *, struct clone_args *);

/* Perform operations [from, to). Stops at the first failure, and in the launcher after the clone. */
struct outcome interpret(struct context *context, u32 from, u32 to, clone_fn clone);

/* Stay behind as init (pid 1): never returns in the init, returns the result of the clone in its child. */
s64 become_init(struct context *context);

/* Kill every process listed in a cgroup.procs file until it is empty. */
s64 kill_listed(s64 dir, const char *file);

/* Address of an offset in the plan. */
static inline u8 *at_offset(const struct context *context, u64 offset)
{
	return (offset < context->plan->shared ? context->base : context->file) + offset;
}

u64 now_ns(void);
void nap_ms(u32 ms);
