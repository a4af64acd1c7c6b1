// Shows ThreadSanitizer the locking that Swift's `Mutex` does inside libswiftSynchronization. Linked into every program.
//
// An uncontended `Mutex` on Linux is locked and unlocked by compare-and-exchange in the calling code, which is instrumented.
// Under contention the three functions below do it, in a library that is not: the sanitizer then misses that one critical
// section ended before the next began, and reports a "Swift access race" in correctly locked code. They are wrapped here to
// state just that order, on the lock word whose address the instrumented half uses too. Nothing is suppressed, so real races
// are still found; `prove` checks both before every run.
//
// Sources: swiftlang/swift stdlib/public/Synchronization/Mutex/LinuxImpl.swift; LLVM compiler-rt sanitizer/tsan_interface.h.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *lock

// _MutexHandle._lockSlow(_: UInt32), ._tryLockSlow() -> Bool, ._unlockSlow(), with the handle's address as self.
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// The library's own function behind the wrapper.
static void *original(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) {
        fprintf(stderr, "mutex.c: no %s in this Swift\n", name);
        abort();
    }
    return function;
}

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void lock_slow(uint32_t thread, SELF) {
    static SWIFT void (*_Atomic real)(uint32_t, SELF);
    if (!real) real = (SWIFT void (*)(uint32_t, SELF))original(LOCK);
    real(thread, lock);
    __tsan_acquire(lock);
}

SWIFT bool try_lock_slow(SELF) __asm__(TRY_LOCK);
SWIFT bool try_lock_slow(SELF) {
    static SWIFT bool (*_Atomic real)(SELF);
    if (!real) real = (SWIFT bool (*)(SELF))original(TRY_LOCK);
    bool locked = real(lock);
    if (locked) __tsan_acquire(lock);
    return locked;
}

SWIFT void unlock_slow(SELF) __asm__(UNLOCK);
SWIFT void unlock_slow(SELF) {
    static SWIFT void (*_Atomic real)(SELF);
    if (!real) real = (SWIFT void (*)(SELF))original(UNLOCK);
    __tsan_release(lock);
    real(lock);
}
