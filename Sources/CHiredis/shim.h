#ifndef SLUICE_CHIREDIS_SHIM_H
#define SLUICE_CHIREDIS_SHIM_H

#include <hiredis.h>

/* The kind of item that an unfinished reply waits for (REDIS_REPLY_*), or -1 when none is begun. */
static inline int sluice_reader_pending_type(const redisReader *reader) {
    return reader->ridx < 0 ? -1 : reader->rstack[reader->ridx].type;
}

/* The bytes fed and not yet consumed. */
static inline size_t sluice_reader_unread_count(const redisReader *reader) {
    return reader->len - reader->pos;
}

static inline const char *sluice_reader_unread(const redisReader *reader) {
    return reader->buf == NULL ? NULL : reader->buf + reader->pos;
}

/* The text of the reader's error; valid as long as the reader. */
static inline const char *sluice_reader_error(const redisReader *reader) {
    return reader->errstr;
}

#endif
