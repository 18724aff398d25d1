#define _GNU_SOURCE
#include "audio_thread.h"

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
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

void enter_audio_thread(void) {
    watched = true;
    if (!careless) return;
    void *volatile memory = malloc(1);
    free(memory);
}

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

WATCHED(int, pthread_mutex_lock, (pthread_mutex_t *m), (m))
WATCHED(int, pthread_mutex_trylock, (pthread_mutex_t *m), (m))
WATCHED(int, pthread_rwlock_rdlock, (pthread_rwlock_t *l), (l))
WATCHED(int, pthread_rwlock_wrlock, (pthread_rwlock_t *l), (l))
WATCHED(int, pthread_cond_signal, (pthread_cond_t *c), (c))
WATCHED(int, pthread_cond_broadcast, (pthread_cond_t *c), (c))
WATCHED(int, pthread_cond_wait, (pthread_cond_t *c, pthread_mutex_t *m), (c, m))
WATCHED(int, poll, (struct pollfd *f, nfds_t n, int t), (f, n, t))
WATCHED(int, nanosleep, (const struct timespec *t, struct timespec *r), (t, r))
WATCHED(ssize_t, read, (int f, void *b, size_t n), (f, b, n))
WATCHED(ssize_t, write, (int f, const void *b, size_t n), (f, b, n))
WATCHED(ssize_t, send, (int f, const void *b, size_t n, int o), (f, b, n, o))
WATCHED(ssize_t, recv, (int f, void *b, size_t n, int o), (f, b, n, o))
