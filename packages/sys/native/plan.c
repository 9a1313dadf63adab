/* Whether a plan may be interpreted: lengths before pointers, no allocation. Also compiled into the fuzzers. */
#include "plan.h"

static int range_valid(const struct plan *plan, u64 offset, u64 length, u64 align)
{
	return offset % align == 0 && offset <= plan->size && length <= plan->size - offset;
}

static int arg_valid(const struct plan *plan, u8 kind, s64 arg)
{
	switch (kind) {
	case KIND_IMMEDIATE:
		return 1;
	case KIND_SLOT:
		return arg >= 0 && arg < plan->nslots;
	case KIND_DATA:
		return arg >= (s64)sizeof(struct plan) && arg < plan->size;
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

/* Skips must not leave the phase group (before parent, parent, undo) that they are in. */
static u32 group_end(const struct plan *plan, u32 index)
{
	if (index < plan->parent)
		return plan->parent;
	return index < plan->undo ? plan->undo : plan->nops;
}

int plan_valid(const struct plan *plan, u64 mapped)
{
	if (mapped < sizeof(struct plan) || plan->magic != PLAN_MAGIC || plan->version != PLAN_VERSION)
		return 0;
	if (plan->size > mapped || plan->size > PLAN_MAX_SIZE || plan->size <= sizeof(struct plan))
		return 0;
	if ((plan->flags & ~PLAN_FLAGS) != 0 || plan->nslots > MAX_SLOTS || plan->nops > MAX_OPS)
		return 0;
	if (plan->parent > plan->undo || plan->undo > plan->nops || plan->nsteps > MAX_OPS)
		return 0;
	if (!range_valid(plan, plan->ops, (u64)plan->nops * sizeof(struct op), 8))
		return 0;
	if (!range_valid(plan, plan->relocs, (u64)plan->nrelocs * sizeof(u32), 4))
		return 0;
	if (!range_valid(plan, plan->report, sizeof(struct report) + (u64)plan->nsteps * sizeof(u64), 8))
		return 0;
	const u8 *bytes = (const u8 *)plan;
	if (bytes[plan->size - 1] != 0)
		return 0;
	const u32 *relocs = (const u32 *)(bytes + plan->relocs);
	for (u32 i = 0; i < plan->nrelocs; i++) {
		if (!range_valid(plan, relocs[i], sizeof(u64), 8) || relocs[i] < sizeof(struct plan))
			return 0;
		if (*(const u64 *)(bytes + relocs[i]) >= plan->size)
			return 0;
	}
	const struct op *ops = (const struct op *)(bytes + plan->ops);
	u32 clones = 0;
	for (u32 i = 0; i < plan->nops; i++) {
		if (!op_valid(plan, &ops[i], i, group_end(plan, i)))
			return 0;
		if (ops[i].code == CODE_CLONE) {
			if (i >= plan->parent)
				return 0;
			clones++;
		}
	}
	return clones <= 1;
}
