/* Loaded into a process, makes its JACK thread late whenever it connects a port, as a busy machine
 * does now and then: the connection holds from the next period on, but this one is not over. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <unistd.h>

enum { STEP_US = 50, LATE_US = 700 };
enum { IDLE, ABOUT_TO_CONNECT, IN_A_PERIOD, CONNECTED };

static atomic_int state = IDLE;

typedef int connect_t(void *client, const char *from, const char *to);
typedef void *get_t(void *port, unsigned frames);

int jack_connect(void *client, const char *from, const char *to) {
    state = ABOUT_TO_CONNECT;
    while (state != IN_A_PERIOD) usleep(STEP_US);
    const int result = ((connect_t *)dlsym(RTLD_NEXT, "jack_connect"))(client, from, to);
    state = CONNECTED;
    return result;
}

void *jack_port_get_buffer(void *port, unsigned frames) {
    int awaited = ABOUT_TO_CONNECT;
    if (atomic_compare_exchange_strong(&state, &awaited, IN_A_PERIOD)) {
        while (state != CONNECTED) usleep(STEP_US);
        usleep(LATE_US);
    }
    return ((get_t *)dlsym(RTLD_NEXT, "jack_port_get_buffer"))(port, frames);
}
