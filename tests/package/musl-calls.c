// Has this C library all functions that are named as arguments, and are its structures as small as haco takes them to be?
#include <dlfcn.h>
#include <spawn.h>
#include <stdio.h>

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (!dlsym(RTLD_DEFAULT, argv[i])) printf("lacks %s\n", argv[i]);
  }
  if (sizeof(posix_spawnattr_t) > 512 || sizeof(posix_spawn_file_actions_t) > 512) puts("spawn's structures are too large");
  puts("done");
  return 0;
}
