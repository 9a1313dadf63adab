/* The plan as it lies in shared memory: the C half of src/codec/wire.ts (checked against it by the native tests). */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

#define PLAN_MAGIC 0x4f434148u /* "HACO" */
#define PLAN_VERSION 2u
#define PLAN_FD 3
#define CHANNEL_FD 4

/* Plans are a few KiB; a seccomp filter adds at most 32 KiB, an environment at most what execve takes (2 MiB). */
#define PLAN_MAX_SIZE (8u << 20)
#define MAX_SLOTS 128
#define MAX_OPS 4096
#define MAX_ARGS 6
#define NO_SLOT 0xff
#define CALLER_SLOT 0 /* holds a pidfd of Node from the start */

enum code {
	CODE_SYSCALL = 1,
	CODE_LOAD = 2,
	CODE_STORE = 3,
	CODE_FORMAT = 4,
	CODE_CLONE = 5,
	CODE_BARRIER = 6,
	CODE_INIT = 7,
	CODE_KILL_LISTED = 8,
	CODE_COMPARE = 9,
	CODE_LAST = CODE_COMPARE,
};

enum kind {
	KIND_IMMEDIATE = 0,
	KIND_SLOT = 1,
	KIND_DATA = 2, /* an offset into the plan, passed as a pointer */
	KIND_LAST = KIND_DATA,
};

#define OP_EXPECT 1u   /* the result must equal `expect` */
#define OP_STEP_END 2u /* last operation of its step: note the time */
#define OP_ONLY_AFTER_FAILURE 4u /* left out when nothing has failed: what a start that went well is meant to leave */
#define OP_FLAGS 7u

struct op {
	u8 code;
	u8 nargs;
	u8 save;
	u8 flags;
	u16 step;
	u16 nr;
	u16 skip_success;
	u16 skip_tolerated;
	u16 tolerate[4];
	u16 retry_errno;
	u16 retry_times; /* one per millisecond */
	u8 kind[MAX_ARGS];
	u16 reserved;
	s64 expect;
	s64 arg[MAX_ARGS];
};
_Static_assert(sizeof(struct op) == 88, "wire.ts says 88");

#define PLAN_SYNC 1u            /* the child waits for the parent phase; its exec is seen by the end of a socket */
#define PLAN_DIE_WITH_CALLER 2u /* the container ends when Node ends */
#define PLAN_NOTIFY 4u          /* send the caller SIGCHLD when the command runs */
#define PLAN_INIT 8u            /* an init will tell the command's status: stay until the end to pass it on */
#define PLAN_FLAGS 15u

enum state {
	STATE_STARTED = 0,
	STATE_CLONED = 1,
	STATE_RUNNING = 2,
	STATE_ENDED = 3, /* the undo phase is over */
};

struct report {
	u32 failed; /* index of the failed operation + 1, or REPORT_REFUSED */
	s32 error;  /* positive errno */
	s32 child;  /* pid as the launcher sees it */
	u32 state;
	u32 undo_failed; /* first failed operation of the undo phase + 1 */
	s32 undo_error;
	u32 init_done; /* the init has seen the command end */
	s32 init_status; /* wait status of the command */
	u64 started_ns; /* CLOCK_MONOTONIC */
	u64 running_ns;
	/* followed by one u64 per step: when it was done */
};
_Static_assert(sizeof(struct report) == 48, "wire.ts says 48");

#define REPORT_REFUSED 0xffffffffu /* the plan itself is malformed, or the launcher is set-uid */

/*
 * Sections, in this order: header, operations, data, relocations; then, from `shared` on, out buffers and the report. The
 * launcher copies what lies before `shared` and interprets the copy: nothing that the container's processes could still
 * reach changes what is done on the host. From `shared` on it is memory that all processes of a start and Node share.
 */
struct plan {
	u32 magic;
	u32 version;
	u32 size;
	u32 flags;
	u32 ops;    /* offset of the operations */
	u32 nops;
	u32 parent; /* index of the first operation of the parent phase */
	u32 undo;   /* index of the first operation of the undo phase */
	u32 relocs; /* offset of an array of u32, ascending: offsets of u64 fields that hold pointers into the plan */
	u32 nrelocs;
	u32 nslots;
	u32 nsteps;
	u32 report; /* offset of the report */
	s32 caller; /* pid of Node */
	u32 data;   /* offset of the data, which reaches to the relocations */
	u32 shared; /* offset of the out buffers, which reach to the report */
};
_Static_assert(sizeof(struct plan) == 64, "wire.ts says 64");

/*
 * 1 when every offset, index and count of the plan lies inside of the section that it belongs to. `plan` is the copy of what
 * lies before `shared`, `copied` its size, `mapped` that of the whole. Data ends with NUL, so that every string does.
 */
int plan_valid(const struct plan *plan, u64 copied, u64 mapped);
