// A writer of one JSON value at a time into one growing buffer.
#ifndef PROBE_JSON_H
#define PROBE_JSON_H

#include <stdbool.h>
#include <stddef.h>

void json_open(char bracket);
void json_close(char bracket);
void json_key(const char *key);

void json_string(const char *text);
void json_bytes(const char *bytes, size_t length);
void json_number(long long value);
void json_seconds(long long seconds, long nanoseconds);
void json_bool(bool value);
void json_null(void);
void json_hex(unsigned long long value);

void json_pair_string(const char *key, const char *text);
void json_pair_number(const char *key, long long value);
void json_pair_bool(const char *key, bool value);
void json_pair_hex(const char *key, unsigned long long value);

// A command that fails half-way throws away what it had begun to write.
size_t json_mark(void);
void json_rewind(size_t mark);

// Ends the line and writes it to stdout.
void json_flush(void);

#endif
