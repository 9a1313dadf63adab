/* The launcher as a fork server; see serve.c. */
#pragma once
#include "plan.h"

#define SLOTS_FD 4 /* beside the socket, which is PLAN_FD */
#define SERVED_SLOTS 1024
#define READY_SLOT SERVED_SLOTS /* not 0: requests are taken */
#define SPARE_SLOT (SERVED_SLOTS + 1) /* pid of the process that takes the next request; 0 when it has become a launcher */
#define ADVANCE_SLOT (SERVED_SLOTS + 2) /* pid of the process that was made in advance of its request; 0 without one */
#define LEFT_SLOT (SERVED_SLOTS + 3) /* pid of one that left without a request, for Node to wait for; 0 without one */
#define SERVED_DESCRIPTORS 32 /* of one request at most: the plan, what is passed, and the three standard streams */

/*
 * One start, as Node asks for it; its descriptors come with it (SCM_RIGHTS), in the order in which they are needed. A message of one byte
 * follows, the confirmation: without it, at the end of the socket, the start isn't performed.
 */
struct request {
	u32 slot;	 /* where the pid of the new process is put, or a negative errno */
	u32 descriptors; /* how many come with it */
	u32 alone;	 /* the new process is the container's own: the plan has nothing to do before, beside or after it */
	u32 reserved;
	u64 flags; /* namespaces of such a start */
};
_Static_assert(sizeof(struct request) == 24, "fork-server.ts says 24");

/*
 * Serve starts until Node closes the socket. Returns in each new process: 0 in a launcher, whose plan is where it is without a
 * server; else, in a container's own process, a pidfd of Node.
 */
s32 serve(void);
