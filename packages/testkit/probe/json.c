// A writer of one JSON value at a time into one growing buffer.
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *buffer;
static size_t used;
static size_t capacity;

static void append(const char *bytes, size_t length) {
  if (used + length > capacity) {
    capacity = (used + length) * 2 + 4096;
    buffer = realloc(buffer, capacity);
    if (buffer == NULL) _exit(125);
  }
  memcpy(buffer + used, bytes, length);
  used += length;
}

static void append_text(const char *text) { append(text, strlen(text)); }

// A value or key follows another one unless something was just opened.
static void separate(void) {
  if (used == 0) return;
  char last = buffer[used - 1];
  if (last != '{' && last != '[' && last != ':') append(",", 1);
}

void json_open(char bracket) {
  separate();
  append(&bracket, 1);
}

void json_close(char bracket) { append(&bracket, 1); }

// Length of the well-formed UTF-8 sequence at `at`, 0 when it isn't one.
static size_t utf8_length(const unsigned char *at, size_t left) {
  size_t length = at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
  if (length == 0 || length > left) return 0;
  for (size_t i = 1; i < length; i++) {
    if ((at[i] & 0xc0) != 0x80) return 0;
  }
  if (at[0] == 0xe0 && at[1] < 0xa0) return 0;
  if (at[0] == 0xed && at[1] > 0x9f) return 0;
  if (at[0] == 0xf0 && at[1] < 0x90) return 0;
  if (at[0] == 0xf4 && at[1] > 0x8f) return 0;
  return length;
}

static void append_escaped(unsigned code) {
  char text[8];
  snprintf(text, sizeof text, "\\u%04x", code);
  append_text(text);
}

void json_bytes(const char *bytes, size_t length) {
  const unsigned char *at = (const unsigned char *)bytes;
  separate();
  append("\"", 1);
  for (size_t i = 0; i < length;) {
    size_t sequence = 1;
    if (at[i] == '"' || at[i] == '\\') {
      append("\\", 1);
      append(bytes + i, 1);
    } else if (at[i] < 0x20 || at[i] == 0x7f) {
      append_escaped(at[i]);
    } else if (at[i] < 0x80) {
      append(bytes + i, 1);
    } else if ((sequence = utf8_length(at + i, length - i)) > 0) {
      append(bytes + i, sequence);
    } else {
      // File names are bytes; a byte that isn't UTF-8 becomes a lone surrogate, so none is lost.
      append_escaped(0xdc00u + at[i]);
      sequence = 1;
    }
    i += sequence;
  }
  append("\"", 1);
}

void json_string(const char *text) { json_bytes(text, strlen(text)); }

void json_key(const char *key) {
  json_string(key);
  append(":", 1);
}

void json_number(long long value) {
  char text[32];
  snprintf(text, sizeof text, "%lld", value);
  separate();
  append_text(text);
}

void json_seconds(long long seconds, long nanoseconds) {
  char text[48];
  snprintf(text, sizeof text, "%lld.%03ld", seconds, nanoseconds / 1000000);
  separate();
  append_text(text);
}

void json_bool(bool value) {
  separate();
  append_text(value ? "true" : "false");
}

void json_null(void) {
  separate();
  append_text("null");
}

void json_hex(unsigned long long value) {
  char text[24];
  snprintf(text, sizeof text, "%016llx", value);
  json_string(text);
}

void json_pair_string(const char *key, const char *text) {
  json_key(key);
  if (text == NULL) json_null();
  else json_string(text);
}

void json_pair_number(const char *key, long long value) {
  json_key(key);
  json_number(value);
}

void json_pair_bool(const char *key, bool value) {
  json_key(key);
  json_bool(value);
}

void json_pair_hex(const char *key, unsigned long long value) {
  json_key(key);
  json_hex(value);
}

size_t json_mark(void) { return used; }

void json_rewind(size_t mark) { used = mark; }

void json_flush(void) {
  append("\n", 1);
  for (size_t done = 0; done < used;) {
    ssize_t n = write(STDOUT_FILENO, buffer + done, used - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(124);
    done += (size_t)n;
  }
  used = 0;
}
