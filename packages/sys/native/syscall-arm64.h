/* System calls on arm64: number in x8, arguments in x0..x5; see syscall(2). */
#pragma once

#define NR_dup3 24
#define NR_openat 56
#define NR_close 57
#define NR_lseek 62
#define NR_read 63
#define NR_write 64
#define NR_ppoll 73
#define NR_unshare 97
#define NR_pipe2 59
#define NR_exit_group 94
#define NR_waitid 95
#define NR_clock_gettime 113
#define NR_clock_nanosleep 115
#define NR_sched_yield 124
#define NR_kill 129
#define NR_clone 220
#define NR_rt_sigprocmask 135
#define NR_rt_sigtimedwait 137
#define NR_prctl 167
#define NR_getpid 172
#define NR_getppid 173
#define NR_recvmsg 212
#define NR_fcntl 25
#define NR_socketpair 199
#define NR_mmap 222
#define NR_munmap 215
#define NR_pread64 67
#define NR_wait4 260
#define NR_pidfd_send_signal 424
#define NR_pidfd_open 434
#define NR_clone3 435
#define NR_close_range 436

static inline s64 raw_syscall(s64 nr, s64 a, s64 b, s64 c, s64 d, s64 e, s64 f)
{
	register s64 x8 __asm__("x8") = nr;
	register s64 x0 __asm__("x0") = a;
	register s64 x1 __asm__("x1") = b;
	register s64 x2 __asm__("x2") = c;
	register s64 x3 __asm__("x3") = d;
	register s64 x4 __asm__("x4") = e;
	register s64 x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
	return x0;
}

/* The kernel enters with the argument block on the stack. */
#define ENTRY                                                                                                          \
	__asm__(".globl _start\n"                                                                                      \
		"_start:\n"                                                                                            \
		"mov x29,#0\n"                                                                                         \
		"mov x30,#0\n"                                                                                         \
		"mov x0,sp\n"                                                                                          \
		"b launcher\n")

/* A moment in which this thread leaves the core to others. */
static inline void rest(void)
{
	__asm__ volatile("isb" ::: "memory");
}
