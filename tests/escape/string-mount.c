/*
 * The weakened way: in a mount namespace of its own, check that a path has no link in it, then mount on it by its name, again and
 * again, as runtimes did before openat2(2). Tells after how many mounts one landed at the second path.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#define TMPFS_MAGIC 0x01021994

int main(int argc, char **argv)
{
	struct statfs fs;
	if (argc != 4 || unshare(CLONE_NEWNS) != 0 || mount(0, "/", 0, MS_REC | MS_PRIVATE, 0) != 0)
		return 2;
	const char *target = argv[1], *outside = argv[2], *root = argv[3];
	for (unsigned long tries = 1; tries <= 1000000; tries++) {
		char resolved[4096], inside[4096];
		/* The check: it leads to a place below the root. */
		if (realpath(target, resolved) == 0)
			continue;
		int length = snprintf(inside, sizeof(inside), "%s/", root);
		int fine = 1;
		for (int i = 0; i < length; i++)
			fine = fine && resolved[i] == inside[i];
		if (!fine)
			continue;
		/* The use. */
		if (mount("none", target, "tmpfs", 0, 0) != 0)
			continue;
		if (statfs(outside, &fs) == 0 && fs.f_type == TMPFS_MAGIC) {
			printf("outside after %lu\n", tries);
			return 0;
		}
		umount2(resolved, MNT_DETACH);
	}
	printf("never\n");
	return 0;
}
