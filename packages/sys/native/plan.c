/* Whether a plan may be interpreted: lengths before pointers, no allocation. Also compiled into the fuzzers. */
#include "plan.h"

/* Whether a range lies in what operations may point to: the data, or the out buffers. Never operations, so that none changes another. */
static int range_valid(const struct plan *plan, u64 offset, u64 length, u64 align)
{
	const u64 start = offset < plan->shared ? plan->data : plan->shared;
	const u64 end = offset < plan->shared ? plan->relocs : plan->report;
	return offset % align == 0 && offset >= start && offset < end && length <= end - offset;
}

static int arg_valid(const struct plan *plan, u8 kind, s64 arg)
{
	switch (kind) {
	case KIND_IMMEDIATE:
		return 1;
	case KIND_SLOT:
		return arg >= 0 && arg < plan->nslots;
	case KIND_DATA:
		return arg >= 0 && range_valid(plan, (u64)arg, 1, 1);
	default:
		return 0;
	}
}

/* What the operations that are no system calls demand of their arguments. */
static int shape_valid(const struct plan *plan, const struct op *op)
{
	switch (op->code) {
	case CODE_SYSCALL:
		return 1;
	case CODE_LOAD: /* save <- u32 at data */
		return op->nargs == 1 && op->kind[0] == KIND_DATA && range_valid(plan, (u64)op->arg[0], 4, 4) &&
		       op->save != NO_SLOT;
	case CODE_STORE: /* data, value, width */
		return op->nargs == 3 && op->kind[0] == KIND_DATA && op->kind[2] == KIND_IMMEDIATE &&
		       (op->arg[2] == 2 || op->arg[2] == 4 || op->arg[2] == 8) &&
		       range_valid(plan, (u64)op->arg[0], (u64)op->arg[2], 1);
	case CODE_FORMAT: /* data (room for 12 bytes), value */
		return op->nargs == 2 && op->kind[0] == KIND_DATA && range_valid(plan, (u64)op->arg[0], 12, 1);
	case CODE_CLONE: /* clone_args (88 bytes: kernel 5.7) */
		return op->nargs == 1 && op->kind[0] == KIND_DATA && range_valid(plan, (u64)op->arg[0], 88, 8);
	case CODE_BARRIER: /* number of the barrier */
		return op->nargs == 1 && op->kind[0] == KIND_IMMEDIATE;
	case CODE_INIT:
		return op->nargs == 0;
	case CODE_KILL_LISTED: /* directory, file */
		return op->nargs == 2 && op->kind[1] == KIND_DATA;
	case CODE_COMPARE: /* data, data, size */
		return op->nargs == 3 && op->kind[0] == KIND_DATA && op->kind[1] == KIND_DATA &&
		       op->kind[2] == KIND_IMMEDIATE && op->arg[2] >= 0 &&
		       range_valid(plan, (u64)op->arg[0], (u64)op->arg[2], 1) &&
		       range_valid(plan, (u64)op->arg[1], (u64)op->arg[2], 1);
	default:
		return 0;
	}
}

static int op_valid(const struct plan *plan, const struct op *op, u32 index, u32 end)
{
	if (op->code == 0 || op->code > CODE_LAST || op->nargs > MAX_ARGS || (op->flags & ~OP_FLAGS) != 0)
		return 0;
	if (op->save != NO_SLOT && op->save >= plan->nslots)
		return 0;
	if (op->step >= plan->nsteps)
		return 0;
	if (op->skip_success > end - index - 1 || op->skip_tolerated > end - index - 1)
		return 0;
	for (u32 i = 0; i < op->nargs; i++)
		if (!arg_valid(plan, op->kind[i], op->arg[i]))
			return 0;
	return shape_valid(plan, op);
}

/* The sections in their order, each inside of the plan. */
static int sections_valid(const struct plan *plan, u64 copied, u64 mapped)
{
	if (plan->size > mapped || plan->size > PLAN_MAX_SIZE || plan->shared != copied || plan->shared % 8 != 0)
		return 0;
	if (plan->nslots > MAX_SLOTS || plan->nops > MAX_OPS || plan->nsteps > MAX_OPS)
		return 0;
	if (plan->ops != sizeof(struct plan) || plan->data != plan->ops + plan->nops * sizeof(struct op))
		return 0;
	/* At least the NUL that ends the last string. */
	if (plan->relocs <= plan->data || plan->relocs % 8 != 0 || plan->relocs > plan->shared)
		return 0;
	if ((u64)plan->nrelocs * sizeof(u32) > plan->shared - plan->relocs)
		return 0;
	if (plan->report < plan->shared || plan->report % 8 != 0 || plan->report > plan->size)
		return 0;
	return sizeof(struct report) + (u64)plan->nsteps * sizeof(u64) <= plan->size - plan->report;
}

/* Ascending: none is relocated twice, none lies in another. */
static int relocs_valid(const struct plan *plan)
{
	const u8 *bytes = (const u8 *)plan;
	const u32 *relocs = (const u32 *)(bytes + plan->relocs);
	u64 from = plan->data;
	for (u32 i = 0; i < plan->nrelocs; i++) {
		if (relocs[i] < from || relocs[i] >= plan->shared || !range_valid(plan, relocs[i], sizeof(u64), 8))
			return 0;
		if (!range_valid(plan, *(const u64 *)(bytes + relocs[i]), 1, 1))
			return 0;
		from = (u64)relocs[i] + sizeof(u64);
	}
	return 1;
}

/* The groups of operations: before the clone, in the new process, in the parent phase, in the undo phase. */
static int ops_valid(const struct plan *plan)
{
	const struct op *ops = (const struct op *)((const u8 *)plan + plan->ops);
	u32 clone = 0;
	if (plan->parent > plan->undo || plan->undo > plan->nops)
		return 0;
	while (clone < plan->parent && ops[clone].code != CODE_CLONE)
		clone++;
	for (u32 i = 0; i < plan->nops; i++) {
		/* Skips stay in their group: an operation that is meant for another process is never reached by one. */
		const u32 end = i < clone ? clone : i < plan->parent ? plan->parent : i < plan->undo ? plan->undo : plan->nops;
		if (!op_valid(plan, &ops[i], i, end))
			return 0;
		if (ops[i].code == CODE_CLONE && i != clone)
			return 0;
		/* An init in the place of the launcher would clean up nothing. */
		if (ops[i].code == CODE_INIT && (i <= clone || i >= plan->parent || (plan->flags & PLAN_INIT) == 0))
			return 0;
	}
	return 1;
}

int plan_valid(const struct plan *plan, u64 copied, u64 mapped)
{
	if (copied < sizeof(struct plan) || plan->magic != PLAN_MAGIC || plan->version != PLAN_VERSION)
		return 0;
	if ((plan->flags & ~PLAN_FLAGS) != 0 || !sections_valid(plan, copied, mapped))
		return 0;
	if (((const u8 *)plan)[plan->relocs - 1] != 0)
		return 0;
	return relocs_valid(plan) && ops_valid(plan);
}
