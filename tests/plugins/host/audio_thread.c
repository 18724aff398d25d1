#define _GNU_SOURCE
#include "audio_thread.h"

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

bool careless;

static __thread bool watched;

static void watch(const char *call) {
    if (!watched) return;
    watched = false;
    fprintf(stderr, "%s in the audio thread\n", call);
    abort();
}

void enter_audio_thread(void) { watched = true; }

void leave_audio_thread(void) { watched = false; }

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

void *malloc(size_t size) { watch("malloc"); return __libc_malloc(size); }
void *calloc(size_t count, size_t size) { watch("calloc"); return __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { watch("realloc"); return __libc_realloc(old, size); }
void free(void *old) { watch("free"); __libc_free(old); }

#define WATCHED(type, name, parameters, arguments)                 \
    type name parameters {                                         \
        static type(*real) parameters;                             \
        watch(#name);                                              \
        if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name);      \
        return real arguments;                                     \
    }

typedef struct timespec moment_t;

WATCHED(void *, aligned_alloc, (size_t a, size_t n), (a, n))
WATCHED(int, posix_memalign, (void **p, size_t a, size_t n), (p, a, n))
WATCHED(int, pthread_mutex_lock, (pthread_mutex_t *m), (m))
WATCHED(int, pthread_mutex_trylock, (pthread_mutex_t *m), (m))
WATCHED(int, pthread_rwlock_rdlock, (pthread_rwlock_t *l), (l))
WATCHED(int, pthread_rwlock_wrlock, (pthread_rwlock_t *l), (l))
WATCHED(int, pthread_cond_signal, (pthread_cond_t *c), (c))
WATCHED(int, pthread_cond_broadcast, (pthread_cond_t *c), (c))
WATCHED(int, pthread_cond_wait, (pthread_cond_t *c, pthread_mutex_t *m), (c, m))
WATCHED(int, pthread_cond_timedwait, (pthread_cond_t *c, pthread_mutex_t *m, const moment_t *t),
        (c, m, t))
WATCHED(int, pthread_cond_clockwait,
        (pthread_cond_t *c, pthread_mutex_t *m, clockid_t k, const moment_t *t), (c, m, k, t))
WATCHED(int, pthread_create,
        (pthread_t *p, const pthread_attr_t *a, void *(*f)(void *), void *x), (p, a, f, x))
WATCHED(int, pthread_join, (pthread_t p, void **x), (p, x))
WATCHED(int, sem_wait, (sem_t *s), (s))
WATCHED(int, sem_post, (sem_t *s), (s))
WATCHED(int, poll, (struct pollfd *f, nfds_t n, int t), (f, n, t))
WATCHED(int, nanosleep, (const moment_t *t, moment_t *r), (t, r))
WATCHED(int, clock_nanosleep, (clockid_t k, int f, const moment_t *t, moment_t *r), (k, f, t, r))
WATCHED(int, socket, (int d, int t, int p), (d, t, p))
WATCHED(int, connect, (int f, const struct sockaddr *a, socklen_t n), (f, a, n))
WATCHED(int, close, (int f), (f))
WATCHED(ssize_t, read, (int f, void *b, size_t n), (f, b, n))
WATCHED(ssize_t, write, (int f, const void *b, size_t n), (f, b, n))
WATCHED(size_t, fwrite, (const void *b, size_t s, size_t n, FILE *f), (b, s, n, f))
WATCHED(int, vfprintf, (FILE *f, const char *s, va_list a), (f, s, a))
WATCHED(ssize_t, send, (int f, const void *b, size_t n, int o), (f, b, n, o))
WATCHED(ssize_t, recv, (int f, void *b, size_t n, int o), (f, b, n, o))

/* What a guard of the language waits with, too. */
long syscall(long number, ...) {
    static long (*real)(long, ...);
    long of[6];
    va_list arguments;
    watch("syscall");
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    va_start(arguments, number);
    for (int n = 0; n < 6; ++n) of[n] = va_arg(arguments, long);
    va_end(arguments);
    return real(number, of[0], of[1], of[2], of[3], of[4], of[5]);
}
