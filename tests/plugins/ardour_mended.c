/* Loaded into Ardour 7, in place of the functions of these names: what it breaks on now and then,
 * whichever plugins it has. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>

/* Ports get pretty names from a thread of their own, and nothing keeps that request from falling
 * into the middle of another: then the JACK server loses its place, and nobody gets an answer any
 * more. The names lie in a data base that all JACK servers of a user share, with locks that a
 * process killed in a test takes with it. So here no port has another name. */

int WJACK_set_property(void) { return -1; }
int WJACK_get_property(void) { return -1; }

/* At a stop a recording is summed up by the thread that plays and by the one that stops it, and
 * nothing keeps them apart: if one is put aside in the middle, the other takes away what it still
 * needs. Whoever comes second finds nothing left to do, so here he waits. */

#define TEXT(name) #name
#define NAME(name) TEXT(name)
#define FINISH_CAPTURE \
    _ZN6ARDOUR10DiskWriter14finish_captureEN5boost10shared_ptrISt6vectorIPNS_15DiskIOProcessor11ChannelInfoESaIS6_EEEE

void FINISH_CAPTURE(void* writer, void* channels) {
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    void (*finish)(void*, void*) = (void (*)(void*, void*))dlsym(RTLD_NEXT, NAME(FINISH_CAPTURE));
    pthread_mutex_lock(&one_at_a_time);
    finish(writer, channels);
    pthread_mutex_unlock(&one_at_a_time);
}
