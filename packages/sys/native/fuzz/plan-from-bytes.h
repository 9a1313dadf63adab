/* Plans out of random bytes: mostly well-formed, so that the fuzzers get behind the first checks, with a few bytes changed afterwards. */
#pragma once
#include "../plan.h"

#define FUZZ_PLAN_MAX 8192u

struct source {
	const u8 *at;
	u64 left;
};

static u64 take(struct source *source, u32 width)
{
	u64 value = 0;
	for (u32 i = 0; i < width && source->left > 0; i++, source->left--)
		value = value << 8 | *source->at++;
	return value;
}

static u64 below(struct source *source, u64 limit)
{
	return limit == 0 ? 0 : take(source, 2) % limit;
}

/* An offset in the data or in the out buffers, with room for `room` bytes where that is possible. */
static s64 somewhere(struct source *source, const struct plan *plan, u64 room)
{
	const u32 outs = plan->report - plan->shared, data = plan->relocs - plan->data;
	if (outs >= room && outs > 0 && (take(source, 1) & 3) == 0)
		return (s64)(plan->shared + (below(source, outs - room + 1) & ~7ull));
	return (s64)(plan->data + (data >= room ? below(source, data - room + 1) & ~7ull : 0));
}

static void random_arg(struct source *source, const struct plan *plan, struct op *op, u32 i)
{
	op->kind[i] = (u8)below(source, 3);
	op->arg[i] = op->kind[i] == KIND_DATA   ? somewhere(source, plan, 1)
		     : op->kind[i] == KIND_SLOT ? (s64)below(source, plan->nslots)
						: (s64)take(source, 8);
}

static void data_arg(struct source *source, const struct plan *plan, struct op *op, u64 room)
{
	op->kind[0] = KIND_DATA;
	op->arg[0] = somewhere(source, plan, room);
}

static void random_op(struct source *source, const struct plan *plan, struct op *op, u32 left)
{
	static const u8 codes[] = {CODE_SYSCALL, CODE_SYSCALL, CODE_SYSCALL, CODE_LOAD, CODE_STORE,
				   CODE_FORMAT,  CODE_BARRIER, CODE_INIT,    CODE_KILL_LISTED,
				   CODE_COMPARE};
	op->code = codes[below(source, sizeof(codes))];
	op->save = (take(source, 1) & 1) ? NO_SLOT : (u8)below(source, plan->nslots);
	op->flags = (u8)below(source, OP_FLAGS + 1);
	op->step = (u16)below(source, plan->nsteps);
	op->nr = (u16)take(source, 1);
	op->skip_success = (u16)((take(source, 1) & 7) == 0 ? below(source, left + 1) : 0);
	op->skip_tolerated = (u16)((take(source, 1) & 7) == 0 ? below(source, left + 1) : 0);
	for (u32 i = 0; i < 4; i++)
		op->tolerate[i] = (u16)(take(source, 1) & 15);
	op->retry_errno = (u16)(take(source, 1) & 15);
	op->retry_times = (u16)(take(source, 1) & 3);
	op->expect = (s64)(take(source, 1) & 3);
	switch (op->code) {
	case CODE_SYSCALL:
		op->nargs = (u8)below(source, MAX_ARGS + 1);
		for (u32 i = 0; i < op->nargs; i++)
			random_arg(source, plan, op, i);
		break;
	case CODE_LOAD:
		op->nargs = 1;
		op->save = (u8)below(source, plan->nslots);
		data_arg(source, plan, op, 4);
		break;
	case CODE_STORE:
		op->nargs = 3;
		data_arg(source, plan, op, 8);
		random_arg(source, plan, op, 1);
		op->kind[2] = KIND_IMMEDIATE;
		op->arg[2] = 2 << below(source, 3);
		break;
	case CODE_FORMAT:
		op->nargs = 2;
		data_arg(source, plan, op, 12);
		random_arg(source, plan, op, 1);
		break;
	case CODE_BARRIER:
		op->nargs = 1;
		op->arg[0] = (s64)take(source, 1);
		break;
	case CODE_KILL_LISTED:
		op->nargs = 2;
		random_arg(source, plan, op, 0);
		op->kind[1] = KIND_DATA;
		op->arg[1] = somewhere(source, plan, 1);
		break;
	case CODE_COMPARE:
		op->nargs = 3;
		data_arg(source, plan, op, 8);
		op->kind[1] = KIND_DATA;
		op->arg[1] = somewhere(source, plan, 8);
		op->kind[2] = KIND_IMMEDIATE;
		op->arg[2] = (s64)below(source, 9);
		break;
	default:
		op->nargs = 0;
	}
}

/* Fill `bytes` (FUZZ_PLAN_MAX, zeroed, aligned); the size of the plan. */
static u64 plan_from_bytes(struct source *source, u8 *bytes)
{
	struct plan *plan = (struct plan *)bytes;
	plan->magic = PLAN_MAGIC;
	plan->version = PLAN_VERSION;
	plan->flags = (u32)below(source, PLAN_FLAGS + 1);
	plan->nslots = 1 + (u32)below(source, MAX_SLOTS);
	plan->nsteps = 1 + (u32)below(source, 8);
	plan->nops = (u32)below(source, 24);
	plan->undo = (u32)below(source, plan->nops + 1);
	plan->parent = (u32)below(source, plan->undo + 1);
	plan->caller = 77;
	plan->ops = sizeof(struct plan);
	plan->data = plan->ops + plan->nops * (u32)sizeof(struct op);
	plan->relocs = plan->data + 96 + 8 * (u32)below(source, 64);
	plan->nrelocs = (u32)below(source, 8);
	plan->shared = plan->relocs + 32;
	plan->report = plan->shared + 8 * (u32)below(source, 16);
	plan->size = plan->report + (u32)sizeof(struct report) + plan->nsteps * 8;
	u32 *relocs = (u32 *)(bytes + plan->relocs);
	for (u32 i = 0, at = plan->data; i < plan->nrelocs; i++, at += 8) {
		at += 8 * (u32)below(source, 4);
		if (i > 0 && (take(source, 1) & 31) == 0)
			at = relocs[i - 1]; /* twice the same: to be refused */
		if (at + 16 > plan->relocs) {
			plan->nrelocs = i;
			break;
		}
		relocs[i] = at;
		*(u64 *)(bytes + at) = (u64)somewhere(source, plan, 1);
	}
	struct op *ops = (struct op *)(bytes + plan->ops);
	const u32 clone = (u32)below(source, plan->parent + 1);
	for (u32 i = 0; i < plan->nops; i++) {
		const u32 end = i < clone ? clone : i < plan->parent ? plan->parent : i < plan->undo ? plan->undo : plan->nops;
		random_op(source, plan, &ops[i], end - i - 1);
		if (i == clone && i < plan->parent) {
			ops[i].code = CODE_CLONE;
			ops[i].nargs = 1;
			data_arg(source, plan, &ops[i], 88);
			if (i + 1 < plan->parent && (plan->flags & PLAN_INIT))
				ops[++i] = (struct op){.code = CODE_INIT, .save = NO_SLOT};
		} else if (ops[i].code == CODE_INIT && (take(source, 1) & 15) != 0 && (i < clone || i >= plan->parent || !(plan->flags & PLAN_INIT))) {
			ops[i].code = CODE_SYSCALL;
		}
	}
	const u64 size = plan->size;
	for (u64 changes = take(source, 1) & 3; changes > 0; changes--) {
		const u64 at = below(source, size);
		bytes[at] = (u8)take(source, 1);
	}
	return size;
}
