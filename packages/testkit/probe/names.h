// Errors and signals by name: not every libc has strerrorname_np() and sigabbrev_np().
#ifndef NAMES_H
#define NAMES_H

// The name of an error number, as in EPERM; EUNKNOWN for others.
const char *errno_name(int number);

// The name of a signal without SIG, as in TERM; NULL for others.
const char *signal_abbreviation(int number);

#endif
