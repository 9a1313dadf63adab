/* Fuzzes plan_valid(): it must never read beyond the copy, and what it accepts must hold what the interpreter relies on. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "plan-from-bytes.h"

#define HOLDS(what)                                                                                                    \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			__builtin_trap();                                                                              \
	} while (0)

/* Written from the comments of plan.h, not from plan.c. */
static void check_accepted(const u8 *copy, u64 copied, u64 size)
{
	const struct plan *plan = (const struct plan *)copy;
	HOLDS(plan->shared == copied && plan->size <= size && copied <= plan->size);
	HOLDS((u64)plan->report + sizeof(struct report) + plan->nsteps * 8ull <= size);
	HOLDS((u64)plan->ops + plan->nops * sizeof(struct op) <= plan->data);
	HOLDS((u64)plan->relocs + plan->nrelocs * 4ull <= copied && plan->relocs > plan->data);
	u64 last = 0;
	for (u32 i = 0; i < plan->nrelocs; i++) {
		const u32 at = ((const u32 *)(copy + plan->relocs))[i];
		HOLDS(at >= plan->data && at + 8ull <= plan->relocs && at >= last);
		last = at + 8ull;
		HOLDS(*(const u64 *)(copy + at) >= plan->data && *(const u64 *)(copy + at) < plan->report);
	}
	u32 clones = 0;
	for (u32 i = 0; i < plan->nops; i++) {
		const struct op *op = (const struct op *)(copy + plan->ops) + i;
		HOLDS(op->nargs <= MAX_ARGS && op->step < plan->nsteps);
		HOLDS(op->save == NO_SLOT || op->save < MAX_SLOTS);
		HOLDS((u64)i + op->skip_success < plan->nops && (u64)i + op->skip_tolerated < plan->nops);
		for (u32 j = 0; j < op->nargs; j++) {
			HOLDS(op->kind[j] != KIND_SLOT || (op->arg[j] >= 0 && op->arg[j] < MAX_SLOTS));
			HOLDS(op->kind[j] != KIND_DATA || (op->arg[j] >= plan->data && op->arg[j] < plan->report));
		}
		clones += op->code == CODE_CLONE;
		HOLDS(op->code != CODE_INIT || (clones == 1 && i < plan->parent));
	}
	HOLDS(clones <= 1);
}

static void check(const u8 *bytes, u64 size)
{
	u64 copied = size;
	if (size >= sizeof(struct plan)) {
		const u32 shared = ((const struct plan *)bytes)->shared;
		copied = shared >= sizeof(struct plan) && shared <= size ? shared : size;
	}
	u8 *copy = malloc(copied); /* exactly as large: the sanitizer sees one byte too many */
	if (copy == NULL)
		return;
	memcpy(copy, bytes, copied);
	if (plan_valid((const struct plan *)copy, copied, size))
		check_accepted(copy, copied, size);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(16) u8 bytes[FUZZ_PLAN_MAX];
	memset(bytes, 0, sizeof(bytes));
	if (size > 0 && (data[0] & 1) != 0) {
		/* Raw. */
		if (size - 1 > sizeof(bytes))
			return 0;
		memcpy(bytes, data + 1, size - 1);
		check(bytes, size - 1);
		return 0;
	}
	struct source source = {data, size};
	(void)take(&source, 1);
	check(bytes, plan_from_bytes(&source, bytes));
	return 0;
}
