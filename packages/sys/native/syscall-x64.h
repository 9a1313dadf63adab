/* System calls on x86-64: number in rax, arguments in rdi rsi rdx r10 r8 r9; see syscall(2). */
#pragma once

#define NR_read 0
#define NR_write 1
#define NR_close 3
#define NR_lseek 8
#define NR_mmap 9
#define NR_sched_yield 24
#define NR_munmap 11
#define NR_pread64 17
#define NR_rt_sigprocmask 14
#define NR_recvmsg 47
#define NR_socketpair 53
#define NR_clone 56
#define NR_fcntl 72
#define NR_exit_group 231
#define NR_wait4 61
#define NR_kill 62
#define NR_getpid 39
#define NR_getppid 110
#define NR_rt_sigtimedwait 128
#define NR_prctl 157
#define NR_clock_gettime 228
#define NR_clock_nanosleep 230
#define NR_waitid 247
#define NR_openat 257
#define NR_ppoll 271
#define NR_unshare 272
#define NR_pipe2 293
#define NR_dup3 292
#define NR_pidfd_send_signal 424
#define NR_pidfd_open 434
#define NR_clone3 435
#define NR_close_range 436

static inline s64 raw_syscall(s64 nr, s64 a, s64 b, s64 c, s64 d, s64 e, s64 f)
{
	register s64 r10 __asm__("r10") = d;
	register s64 r8 __asm__("r8") = e;
	register s64 r9 __asm__("r9") = f;
	s64 result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* The kernel enters with the argument block on the stack and no return address. */
#define ENTRY                                                                                                          \
	__asm__(".globl _start\n"                                                                                      \
		"_start:\n"                                                                                            \
		"xor %ebp,%ebp\n"                                                                                      \
		"mov %rsp,%rdi\n"                                                                                      \
		"and $-16,%rsp\n"                                                                                      \
		"call launcher\n"                                                                                      \
		"hlt\n")

/* A moment in which this thread leaves the core to others. */
static inline void rest(void)
{
	__asm__ volatile("pause" ::: "memory");
}
