/* A command that does nothing until it is killed: what live containers run. */
void _start(void);

void _start(void)
{
	for (;;) {
		/* ppoll(NULL, 0, NULL, NULL, 8): waits for ever; there is no pause(2) on arm64. */
#if defined(__x86_64__)
		register long r10 __asm__("r10") = 0;
		register long r8 __asm__("r8") = 8;
		long result = 271;
		__asm__ volatile("syscall" : "+a"(result) : "D"(0), "S"(0), "d"(0), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
#elif defined(__aarch64__)
		register long nr __asm__("x8") = 73;
		register long a __asm__("x0") = 0;
		register long b __asm__("x1") = 0;
		register long c __asm__("x2") = 0;
		register long d __asm__("x3") = 0;
		register long e __asm__("x4") = 8;
		__asm__ volatile("svc 0" : "+r"(a) : "r"(nr), "r"(b), "r"(c), "r"(d), "r"(e) : "memory");
#else
#error "x64 and arm64 only"
#endif
	}
}
