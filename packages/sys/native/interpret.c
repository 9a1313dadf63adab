/* The interpreter: one function per kind of operation, each result is looked at, nothing is known about containers. */
#include "syscall.h"
#include "interpret.h"

u64 now_ns(void)
{
	struct timespec now = {0, 0};
	if (sys2(NR_clock_gettime, CLOCK_MONOTONIC, &now) < 0)
		return 0; /* only timings are lost */
	return (u64)now.sec * 1000000000ull + (u64)now.nsec;
}

void nap_ms(u32 ms)
{
	struct timespec span = {ms / 1000, (s64)(ms % 1000) * 1000000};
	/* An early end by a signal only makes the next try come sooner. */
	(void)sys4(NR_clock_nanosleep, CLOCK_MONOTONIC, 0, &span, 0);
}

static s64 value_of(const struct context *context, const struct op *op, u32 i)
{
	switch (op->kind[i]) {
	case KIND_SLOT:
		return context->slots[op->arg[i]];
	case KIND_DATA:
		return (s64)at_offset(context, (u64)op->arg[i]);
	default:
		return op->arg[i];
	}
}

static int tolerated(const struct op *op, s64 result)
{
	for (u32 i = 0; i < 4; i++)
		if (op->tolerate[i] != 0 && result == -(s64)op->tolerate[i])
			return 1;
	return 0;
}

static s64 perform_syscall(const struct context *context, const struct op *op)
{
	s64 v[MAX_ARGS] = {0, 0, 0, 0, 0, 0};
	for (u32 i = 0; i < op->nargs; i++)
		v[i] = value_of(context, op, i);
	s64 result = raw_syscall(op->nr, v[0], v[1], v[2], v[3], v[4], v[5]);
	for (u32 tries = 0; op->retry_errno != 0 && result == -(s64)op->retry_errno && tries < op->retry_times; tries++) {
		nap_ms(1);
		result = raw_syscall(op->nr, v[0], v[1], v[2], v[3], v[4], v[5]);
	}
	if (result >= 0 && (op->flags & OP_EXPECT) && result != op->expect)
		return -EIO;
	return result;
}

static void store(u8 *target, s64 value, s64 width)
{
	for (s64 i = 0; i < width; i++)
		target[i] = (u8)((u64)value >> (8 * i));
}

static void format(u8 *target, s64 value)
{
	u8 digits[20];
	u32 n = 0;
	u64 rest = value < 0 ? 0 : (u64)value & 0xffffffffull; /* a pid: at most 10 digits */
	do {
		digits[n++] = (u8)('0' + rest % 10);
		rest /= 10;
	} while (rest != 0);
	for (u32 i = 0; i < n; i++)
		target[i] = digits[n - 1 - i];
	target[n] = 0;
}

/* Write the barrier's number, wait for the answer: 1 is go; anything else, or the end of the caller, is stop. */
static s64 barrier(u32 number)
{
	u8 answer = 0;
	s64 result;
	do
		result = sys3(NR_write, CHANNEL_FD, &number, sizeof(number));
	while (result == -EINTR);
	if (result != sizeof(number))
		return result < 0 ? result : -EIO;
	do
		result = sys3(NR_read, CHANNEL_FD, &answer, 1);
	while (result == -EINTR);
	if (result < 0)
		return result;
	return result == 1 && answer == 1 ? 0 : -ECANCELED;
}

/* Whether the kernel's answer is what it must be. */
static s64 compare(const u8 *left, const u8 *right, s64 size)
{
	for (s64 i = 0; i < size; i++)
		if (left[i] != right[i])
			return -ESTALE;
	return 0;
}

static s64 perform(struct context *context, const struct op *op)
{
	switch (op->code) {
	case CODE_SYSCALL:
		return perform_syscall(context, op);
	case CODE_LOAD:
		return *(volatile s32 *)at_offset(context, (u64)op->arg[0]);
	case CODE_STORE:
		store(at_offset(context, (u64)op->arg[0]), value_of(context, op, 1), op->arg[2]);
		return 0;
	case CODE_FORMAT:
		format(at_offset(context, (u64)op->arg[0]), value_of(context, op, 1));
		return 0;
	case CODE_BARRIER:
		return barrier((u32)op->arg[0]);
	case CODE_INIT:
		return become_init(context);
	case CODE_KILL_LISTED:
		return kill_listed(value_of(context, op, 0), (const char *)at_offset(context, (u64)op->arg[1]));
	case CODE_COMPARE:
		return compare(at_offset(context, (u64)op->arg[0]), at_offset(context, (u64)op->arg[1]), op->arg[2]);
	default:
		return -EINVAL;
	}
}

struct outcome interpret(struct context *context, u32 from, u32 to, clone_fn clone)
{
	u64 *step_ns = (u64 *)(context->report + 1);
	struct outcome outcome = {0, 0, to, 0};
	for (u32 i = from; i < to; i++) {
		const struct op *op = &context->ops[i];
		if ((op->flags & OP_ONLY_AFTER_FAILURE) && context->report->failed == 0)
			continue;
		s64 result = op->code == CODE_CLONE
				     ? clone(context, (struct clone_args *)at_offset(context, (u64)op->arg[0]))
				     : perform(context, op);
		u32 skip = 0;
		if (result >= 0) {
			skip = op->skip_success;
		} else if (tolerated(op, result)) {
			skip = op->skip_tolerated;
		} else {
			outcome.failed = i + 1;
			outcome.error = (s32)-result;
			outcome.next = i;
			return outcome;
		}
		if (op->save != NO_SLOT)
			context->slots[op->save] = result;
		if (op->code == CODE_CLONE) {
			outcome.cloned = result == 0 ? 2 : 1;
			if (outcome.cloned == 1) {
				/* The new process notes the time: with VFORK it is now that of the exec. */
				outcome.next = i + 1;
				return outcome;
			}
		}
		if (op->flags & OP_STEP_END)
			step_ns[op->step] = now_ns();
		/* The last operation of a step carries the mark, also when it was skipped. */
		for (; skip > 0; skip--) {
			i++;
			if (context->ops[i].flags & OP_STEP_END)
				step_ns[context->ops[i].step] = now_ns();
		}
	}
	return outcome;
}
