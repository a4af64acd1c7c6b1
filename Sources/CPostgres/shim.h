#ifndef SLUICE_CPOSTGRES_SHIM_H
#define SLUICE_CPOSTGRES_SHIM_H

#include <errno.h>
#include <libpq-fe.h>
#include <sys/eventfd.h>

// Swift does not import macros whose value is a character literal.
static const int SluiceDiagnosticSQLState = PG_DIAG_SQLSTATE;
static const int SluiceDiagnosticMessage = PG_DIAG_MESSAGE_PRIMARY;
static const int SluiceDiagnosticTable = PG_DIAG_TABLE_NAME;
static const int SluiceDiagnosticColumn = PG_DIAG_COLUMN_NAME;
static const int SluiceDiagnosticConstraint = PG_DIAG_CONSTRAINT_NAME;

static inline void sluice_ignore_notice(void *context, const PGresult *notice) {
    (void)context;
    (void)notice;
}

// Without a receiver libpq writes notices, which may quote values, to standard error.
static inline void sluice_silence_notices(PGconn *connection) {
    PQsetNoticeReceiver(connection, sluice_ignore_notice, NULL);
}

// Swift's Glibc module leaves eventfd out.
static inline int sluice_eventfd_make(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

static inline void sluice_eventfd_wake(int descriptor) {
    int saved = errno;
    (void)eventfd_write(descriptor, 1);
    errno = saved;
}

static inline void sluice_eventfd_drain(int descriptor) {
    eventfd_t count;
    (void)eventfd_read(descriptor, &count);
}

#endif
