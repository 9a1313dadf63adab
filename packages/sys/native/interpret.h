/* Performing the operations of a plan. */
#pragma once
#include "plan.h"

struct context {
	u8 *base; /* the plan in memory: offsets are relative to it */
	struct plan *plan;
	struct op *ops;
	struct report *report;
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

u64 now_ns(void);
void nap_ms(u32 ms);
