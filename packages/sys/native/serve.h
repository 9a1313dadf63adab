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
 * Messages of the socket, told apart by their sizes. An announcement, a number of 32 bits that isn't 0, wakes whoever will take the next
 * request. The request is one start, as Node asks for it; its descriptors come with it (SCM_RIGHTS), in the order in which they are needed.
 * One byte follows, the confirmation: without it, at the end of the socket, no more of the start is performed than what nobody sees.
 */
#define ANNOUNCEMENT_SIZE 4

struct request {
	u32 slot;	 /* where the pid of the new process is put, or a negative errno */
	u32 descriptors; /* how many come with it */
	u32 alone;	 /* the new process is the container's own: the plan has nothing to do before, beside or after it */
	u32 announced; /* the number of the announcement that belongs to it; 0: it has none */
	u64 flags; /* namespaces of such a start */
	u32 unconfirmed; /* how many operations of its plan nobody sees who isn't in these namespaces */
	u32 reserved;
};
_Static_assert(sizeof(struct request) == 32, "wire.ts says 32");

/* A container's own process: what it has of the server. */
struct served {
	s32 caller; /* a pidfd of Node; 0 in a launcher, whose plan is where it is without a server */
	s32 socket; /* where the confirmation comes, 0 when it has come */
	s32 notice; /* who waits for the confirmation to be taken, 0 for nobody */
	u32 unconfirmed;
};

/* Serve starts until Node closes the socket. Returns in each new process. */
void serve(struct served *served);

/* Go on only when Node has confirmed the start. */
void await_confirmation(struct served *served);
