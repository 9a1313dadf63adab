// Commands about what ipc and time namespaces separate: shared memory, message queues, clocks.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static int shm_create(void) {
  int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  if (id < 0) return fail("shmget");
  json_open('{');
  json_pair_number("id", id);
  json_close('}');
  return 0;
}

// By SHM_STAT_ANY and not /proc/sysvipc, which shows the namespace of whoever mounted that /proc.
static int shm_list(void) {
  struct shm_info info;
  int last = shmctl(0, SHM_INFO, (struct shmid_ds *)&info);
  if (last < 0) return fail("shmctl");
  json_open('{');
  json_key("segments");
  json_open('[');
  for (int index = 0; index <= last; index++) {
    struct shmid_ds segment;
    int id = shmctl(index, SHM_STAT_ANY, &segment);
    if (id < 0) continue;
    json_open('{');
    json_pair_number("id", id);
    json_pair_number("bytes", (long long)segment.shm_segsz);
    json_close('}');
  }
  json_close(']');
  json_close('}');
  return 0;
}

static int sysv_shm(int argc, char **argv) {
  const char *verb = argc > 1 ? argv[1] : "";
  if (strcmp(verb, "create") == 0) return shm_create();
  if (strcmp(verb, "list") == 0) return shm_list();
  if (strcmp(verb, "remove") != 0 || argc != 3) return usage("sysv-shm create|list|remove ID");
  if (shmctl(atoi(argv[2]), IPC_RMID, NULL) != 0) return fail("shmctl");
  json_open('{');
  json_pair_bool("ok", true);
  json_close('}');
  return 0;
}

static int mqueue(int argc, char **argv) {
  const char *verb = argc > 1 ? argv[1] : "";
  const char *name = argc > 2 ? argv[2] : "/haco-probe";
  if (strcmp(verb, "create") == 0 || strcmp(verb, "open") == 0) {
    int flags = strcmp(verb, "create") == 0 ? O_RDWR | O_CREAT | O_EXCL : O_RDWR;
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 64};
    mqd_t queue = mq_open(name, flags, 0600, &attributes);
    if (queue == (mqd_t)-1) return fail("mq_open");
    mq_close(queue);
  } else if (strcmp(verb, "remove") == 0) {
    if (mq_unlink(name) != 0) return fail("mq_unlink");
  } else {
    return usage("mqueue create|open|remove [/NAME]");
  }
  json_open('{');
  json_pair_string("name", name);
  json_close('}');
  return 0;
}

static int clock_value(const char *key, clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) return -1;
  json_key(key);
  json_seconds(now.tv_sec, now.tv_nsec);
  return 0;
}

static int clock_command(int argc, char **argv) {
  (void)argc, (void)argv;
  json_open('{');
  if (clock_value("monotonic", CLOCK_MONOTONIC) != 0) return fail("clock_gettime");
  if (clock_value("boottime", CLOCK_BOOTTIME) != 0) return fail("clock_gettime");
  if (clock_value("realtime", CLOCK_REALTIME) != 0) return fail("clock_gettime");
  json_close('}');
  return 0;
}

const struct command ipc_commands[] = {
    {"sysv-shm", sysv_shm}, {"mqueue", mqueue}, {"clock", clock_command}, {NULL, NULL},
};
