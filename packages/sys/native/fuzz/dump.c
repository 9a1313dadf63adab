/*
 * Prints plans as the launcher sees them: for each plan on standard input (a 32-bit length, then the bytes) a line of JSON, or
 * `null` when plan_valid() refuses it.
 */
#include <stdio.h>
#include <stdlib.h>
#include "../plan.h"

static void print_op(const struct op *op)
{
	printf("{\"code\":%u,\"save\":%u,\"flags\":%u,\"step\":%u,\"nr\":%u,\"skipSuccess\":%u,\"skipTolerated\":%u,", op->code,
	       op->save, op->flags, op->step, op->nr, op->skip_success, op->skip_tolerated);
	printf("\"tolerate\":[%u,%u,%u,%u],\"retryErrno\":%u,\"retryTimes\":%u,\"expect\":\"%lld\",\"args\":[", op->tolerate[0],
	       op->tolerate[1], op->tolerate[2], op->tolerate[3], op->retry_errno, op->retry_times, op->expect);
	for (u32 i = 0; i < op->nargs; i++)
		printf("%s{\"kind\":%u,\"value\":\"%lld\"}", i == 0 ? "" : ",", op->kind[i], op->arg[i]);
	printf("]}");
}

static void print_plan(const struct plan *plan)
{
	const u8 *bytes = (const u8 *)plan;
	printf("{\"header\":{\"magic\":%u,\"version\":%u,\"size\":%u,\"flags\":%u,\"ops\":%u,\"nops\":%u,\"parent\":%u,\"undo\":%u,",
	       plan->magic, plan->version, plan->size, plan->flags, plan->ops, plan->nops, plan->parent, plan->undo);
	printf("\"relocs\":%u,\"nrelocs\":%u,\"nslots\":%u,\"nsteps\":%u,\"report\":%u,\"caller\":%d,\"data\":%u,\"shared\":%u},",
	       plan->relocs, plan->nrelocs, plan->nslots, plan->nsteps, plan->report, plan->caller, plan->data, plan->shared);
	printf("\"ops\":[");
	for (u32 i = 0; i < plan->nops; i++) {
		printf(i == 0 ? "" : ",");
		print_op((const struct op *)(bytes + plan->ops) + i);
	}
	printf("],\"relocs\":[");
	for (u32 i = 0; i < plan->nrelocs; i++)
		printf("%s%u", i == 0 ? "" : ",", ((const u32 *)(bytes + plan->relocs))[i]);
	printf("]}\n");
}

int main(void)
{
	u32 size;
	while (fread(&size, sizeof(size), 1, stdin) == 1) {
		/* Exactly as large as it is: the sanitizer sees one byte too many. */
		u8 *whole = malloc(size);
		if (whole == NULL || fread(whole, 1, size, stdin) != size)
			return 1;
		const u32 copied = size < sizeof(struct plan) ? size : ((const struct plan *)whole)->shared;
		if (copied >= sizeof(struct plan) && copied <= size) {
			u8 *copy = malloc(copied);
			if (copy == NULL)
				return 1;
			__builtin_memcpy(copy, whole, copied);
			if (plan_valid((const struct plan *)copy, copied, size))
				print_plan((const struct plan *)copy);
			else
				printf("null\n");
			free(copy);
		} else {
			printf("null\n");
		}
		free(whole);
	}
	return 0;
}
