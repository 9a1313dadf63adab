/* Prints the format of plans as C has it, in the words of src/codec/wire.ts. */
#include <stddef.h>
#include <stdio.h>
#include "../plan.h"
#include "../serve.h"

#define FIELD(type, field, name) printf("%s\"" name "\":%zu", first++ ? "," : "", offsetof(struct type, field))
#define VALUE(name, value) printf("%s\"" name "\":%llu", first++ ? "," : "", (unsigned long long)(value))
#define OPEN(name) (printf("%s\"" name "\":{", groups++ ? "," : ""), first = 0)
#define CLOSE() printf("}")

int main(void)
{
	int first = 0, groups = 0;
	printf("{");
	OPEN("header");
	FIELD(plan, magic, "magic");
	FIELD(plan, version, "version");
	FIELD(plan, size, "size");
	FIELD(plan, flags, "flags");
	FIELD(plan, ops, "ops");
	FIELD(plan, nops, "nops");
	FIELD(plan, parent, "parent");
	FIELD(plan, undo, "undo");
	FIELD(plan, relocs, "relocs");
	FIELD(plan, nrelocs, "nrelocs");
	FIELD(plan, nslots, "nslots");
	FIELD(plan, nsteps, "nsteps");
	FIELD(plan, report, "report");
	FIELD(plan, caller, "caller");
	FIELD(plan, data, "data");
	FIELD(plan, shared, "shared");
	CLOSE();
	OPEN("op");
	FIELD(op, code, "code");
	FIELD(op, nargs, "nargs");
	FIELD(op, save, "save");
	FIELD(op, flags, "flags");
	FIELD(op, step, "step");
	FIELD(op, nr, "nr");
	FIELD(op, skip_success, "skipSuccess");
	FIELD(op, skip_tolerated, "skipTolerated");
	FIELD(op, tolerate, "tolerate");
	FIELD(op, retry_errno, "retryErrno");
	FIELD(op, retry_times, "retryTimes");
	FIELD(op, kind, "kind");
	FIELD(op, expect, "expect");
	FIELD(op, arg, "arg");
	CLOSE();
	OPEN("report");
	FIELD(report, failed, "failed");
	FIELD(report, error, "error");
	FIELD(report, child, "child");
	FIELD(report, state, "state");
	FIELD(report, undo_failed, "undoFailed");
	FIELD(report, undo_error, "undoError");
	FIELD(report, init_done, "initDone");
	FIELD(report, init_status, "initStatus");
	FIELD(report, started_ns, "startedNs");
	FIELD(report, running_ns, "runningNs");
	CLOSE();
	OPEN("codes");
	VALUE("syscall", CODE_SYSCALL);
	VALUE("load", CODE_LOAD);
	VALUE("store", CODE_STORE);
	VALUE("format", CODE_FORMAT);
	VALUE("clone", CODE_CLONE);
	VALUE("barrier", CODE_BARRIER);
	VALUE("init", CODE_INIT);
	VALUE("killListed", CODE_KILL_LISTED);
	VALUE("compare", CODE_COMPARE);
	CLOSE();
	OPEN("kinds");
	VALUE("immediate", KIND_IMMEDIATE);
	VALUE("slot", KIND_SLOT);
	VALUE("data", KIND_DATA);
	CLOSE();
	OPEN("opFlags");
	VALUE("expect", OP_EXPECT);
	VALUE("stepEnd", OP_STEP_END);
	VALUE("onlyAfterFailure", OP_ONLY_AFTER_FAILURE);
	CLOSE();
	OPEN("planFlags");
	VALUE("sync", PLAN_SYNC);
	VALUE("dieWithCaller", PLAN_DIE_WITH_CALLER);
	VALUE("notify", PLAN_NOTIFY);
	VALUE("init", PLAN_INIT);
	CLOSE();
	OPEN("states");
	VALUE("started", STATE_STARTED);
	VALUE("cloned", STATE_CLONED);
	VALUE("running", STATE_RUNNING);
	VALUE("ended", STATE_ENDED);
	CLOSE();
	OPEN("limits");
	VALUE("size", PLAN_MAX_SIZE);
	VALUE("slots", MAX_SLOTS);
	VALUE("ops", MAX_OPS);
	VALUE("args", MAX_ARGS);
	VALUE("tolerate", sizeof(((struct op *)0)->tolerate) / sizeof(u16));
	CLOSE();
	OPEN("request");
	FIELD(request, slot, "slot");
	FIELD(request, descriptors, "descriptors");
	FIELD(request, alone, "alone");
	FIELD(request, announced, "announced");
	FIELD(request, flags, "flags");
	FIELD(request, unconfirmed, "unconfirmed");
	VALUE("size", sizeof(struct request));
	CLOSE();
	OPEN("server");
	VALUE("slots", SERVED_SLOTS);
	VALUE("readySlot", READY_SLOT);
	VALUE("spareSlot", SPARE_SLOT);
	VALUE("advanceSlot", ADVANCE_SLOT);
	VALUE("leftSlot", LEFT_SLOT);
	VALUE("descriptors", SERVED_DESCRIPTORS);
	VALUE("slotsFd", SLOTS_FD);
	CLOSE();
	OPEN("single");
	VALUE("magic", PLAN_MAGIC);
	VALUE("version", PLAN_VERSION);
	VALUE("headerSize", sizeof(struct plan));
	VALUE("opSize", sizeof(struct op));
	VALUE("reportSize", sizeof(struct report));
	VALUE("announcementSize", ANNOUNCEMENT_SIZE);
	VALUE("noSlot", NO_SLOT);
	VALUE("planFd", PLAN_FD);
	VALUE("channelFd", CHANNEL_FD);
	VALUE("reportRefused", REPORT_REFUSED);
	CLOSE();
	printf("}\n");
	return 0;
}
