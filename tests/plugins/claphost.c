/* A small CLAP host that plays short phrases to many instances at once, in real time, and prints
 * what goes in and out:
 *
 *     claphost PLUGIN PORT INSTANCES PHRASES SEED [careless]
 *
 *     about antiphon.effect Antiphon note-effect        once
 *     in  INSTANCE FRAME STATUS KEY VELOCITY            a key of the player's
 *     out INSTANCE FRAME STATUS KEY VELOCITY            what the plugin sent
 *
 * While the plugin processes, its thread may not allocate, lock or call the system: whoever does is
 * named and the program aborts. `careless` lets the host do so itself, to show that it would be
 * noticed. Phrases are cut in on at any moment; the host loops from beat 32 back to 0.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "entry.h"
#include "events.h"
#include "ext/audio-ports.h"
#include "plugin-factory.h"
#include "plugin.h"

enum { FRAMES = 256, RATE = 48000, MOST_EVENTS = 64, MOST_INSTANCES = 64, LOOP_BEATS = 32 };
static const double BPM = 300;

/* What must not happen while the plugin processes. */

static __thread int processing;

static void watch(const char *call) {
    if (!processing) return;
    processing = 0;
    fprintf(stderr, "%s in the audio thread\n", call);
    abort();
}

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

/* One plugin and its player. */

typedef struct {
    int frame;
    unsigned char bytes[3];
} message_t;

typedef struct {
    const clap_plugin_t *plugin;
    bool has_audio;
    message_t sent[MOST_EVENTS];
    int sent_count;
    int phrases, key;
    long next_frame;
    unsigned random;
} instance_t;

static int careless;

static const void *CLAP_ABI no_extension(const clap_host_t *h, const char *id) {
    (void)h, (void)id;
    return NULL;
}
static void CLAP_ABI nothing(const clap_host_t *h) { (void)h; }

static clap_host_t host = {CLAP_VERSION_INIT, NULL, "claphost", "Antiphon", "", "1",
                           no_extension, nothing, nothing, nothing};

typedef union {
    clap_event_header_t header;
    clap_event_midi_t midi;
    clap_event_param_value_t parameter;
} event_t;

typedef struct {
    event_t events[MOST_EVENTS];
    uint32_t count;
} inbox_t;

static uint32_t CLAP_ABI inbox_size(const clap_input_events_t *list) {
    return ((const inbox_t *)list->ctx)->count;
}

static const clap_event_header_t *CLAP_ABI inbox_get(const clap_input_events_t *list,
                                                     uint32_t n) {
    return &((const inbox_t *)list->ctx)->events[n].header;
}

static bool CLAP_ABI take(const clap_output_events_t *list, const clap_event_header_t *header) {
    instance_t *one = list->ctx;
    if (careless) {
        void *volatile memory = malloc(1);
        free(memory);
    }
    if (header->type != CLAP_EVENT_MIDI || one->sent_count == MOST_EVENTS) return false;
    message_t *message = &one->sent[one->sent_count++];
    message->frame = (int)header->time;
    memcpy(message->bytes, ((const clap_event_midi_t *)header)->data, 3);
    return true;
}

static clap_event_header_t header(uint32_t size, uint16_t type, uint32_t frame) {
    return (clap_event_header_t){size, frame, CLAP_CORE_EVENT_SPACE_ID, type, 0};
}

static void set(inbox_t *inbox, clap_id parameter, double value) {
    clap_event_param_value_t *event = &inbox->events[inbox->count++].parameter;
    memset(event, 0, sizeof *event);
    event->header = header(sizeof *event, CLAP_EVENT_PARAM_VALUE, 0);
    event->param_id = parameter;
    event->note_id = -1;
    event->port_index = event->channel = event->key = -1;
    event->value = value;
}

static void press(inbox_t *inbox, int frame, int status, int key, int velocity) {
    clap_event_midi_t *event = &inbox->events[inbox->count++].midi;
    memset(event, 0, sizeof *event);
    event->header = header(sizeof *event, CLAP_EVENT_MIDI, (uint32_t)frame);
    event->data[0] = (uint8_t)status;
    event->data[1] = (uint8_t)key;
    event->data[2] = (uint8_t)velocity;
}

static int any(instance_t *one, int least, int most) {
    one->random = one->random * 1664525u + 1013904223u;
    return least + (int)((one->random >> 8) % (unsigned)(most - least + 1));
}

/* A key down, up again, and now and then a rest in which an answer may begin. */
static void play(instance_t *one, int number, inbox_t *inbox, long block, int phrases) {
    while (one->next_frame < block + FRAMES && (one->phrases < phrases || one->key)) {
        const int frame = (int)(one->next_frame - block);
        const int key = one->key ? one->key : any(one, 48, 84);
        press(inbox, frame, one->key ? 0x80 : 0x90, key, 90);
        printf("in %d %ld %d %d 90\n", number, one->next_frame, one->key ? 0x80 : 0x90, key);
        const bool phrase_over = one->key && any(one, 0, 1);
        one->key = one->key ? 0 : key;
        one->phrases += phrase_over;
        one->next_frame +=
            phrase_over ? any(one, RATE / 8, RATE * 3 / 4) : any(one, 200, RATE / 12);
    }
}

static clap_event_transport_t transport_at(long frame) {
    clap_event_transport_t transport = {0};
    const double beats = fmod((double)frame / RATE * BPM / 60, LOOP_BEATS);
    transport.header = header(sizeof transport, CLAP_EVENT_TRANSPORT, 0);
    transport.flags = CLAP_TRANSPORT_HAS_TEMPO | CLAP_TRANSPORT_HAS_BEATS_TIMELINE |
                      CLAP_TRANSPORT_HAS_TIME_SIGNATURE | CLAP_TRANSPORT_IS_PLAYING;
    transport.tempo = BPM;
    transport.tsig_num = transport.tsig_denom = 4;
    transport.song_pos_beats = (clap_beattime)(beats * CLAP_BEATTIME_FACTOR);
    return transport;
}

static void process(instance_t *one, int number, inbox_t *inbox, long block) {
    static float left[FRAMES], right[FRAMES];
    float *channels[] = {left, right};
    clap_audio_buffer_t audio = {.data32 = channels, .channel_count = 2};
    const clap_event_transport_t transport = transport_at(block);
    const clap_input_events_t in = {inbox, inbox_size, inbox_get};
    const clap_output_events_t out = {one, take};
    clap_process_t call = {.steady_time = block, .frames_count = FRAMES, .transport = &transport,
                           .audio_outputs = &audio, .audio_outputs_count = one->has_audio,
                           .in_events = &in, .out_events = &out};
    one->sent_count = 0;
    processing = 1;
    one->plugin->process(one->plugin, &call);
    processing = 0;
    for (int n = 0; n < one->sent_count; ++n) {
        const unsigned char *bytes = one->sent[n].bytes;
        const long frame = block + one->sent[n].frame;
        printf("out %d %ld %d %d %d\n", number, frame, bytes[0], bytes[1], bytes[2]);
    }
}

static void wait_for(long frame, const struct timespec *begin) {
    struct timespec until = *begin;
    until.tv_sec += frame / RATE;
    until.tv_nsec += frame % RATE * 1000000000L / RATE;
    if (until.tv_nsec >= 1000000000L) until.tv_sec++, until.tv_nsec -= 1000000000L;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {}
}

static void start(instance_t *one, const clap_plugin_factory_t *factory, unsigned seed) {
    const clap_plugin_t *plugin = factory->create_plugin(
        factory, &host, factory->get_plugin_descriptor(factory, 0)->id);
    if (!plugin || !plugin->init(plugin)) exit(1);
    const clap_plugin_audio_ports_t *ports = plugin->get_extension(plugin, CLAP_EXT_AUDIO_PORTS);
    one->plugin = plugin;
    one->has_audio = ports && ports->count(plugin, false) > 0;
    one->random = seed;
    one->next_frame = RATE / 2 + any(one, 0, RATE / 2);
    if (!one->plugin->activate(one->plugin, RATE, 1, FRAMES)) exit(1);
    one->plugin->start_processing(one->plugin);
}

static void end(instance_t *one) {
    one->plugin->stop_processing(one->plugin);
    one->plugin->deactivate(one->plugin);
    one->plugin->destroy(one->plugin);
}

static void describe(const clap_plugin_descriptor_t *about) {
    printf("about %s %s", about->id, about->name);
    for (const char *const *feature = about->features; *feature; ++feature) printf(" %s", *feature);
    printf("\n");
}

/* Parameters by their place in the plugin's table. */
enum { MODE = 1, SILENCE = 2, BEGINS_ON = 3, BARS = 4, PORT = 13, OFF = 0 };

static void set_up(inbox_t *inbox, int number, int port) {
    set(inbox, PORT, port);
    set(inbox, SILENCE, 0.25);
    set(inbox, BEGINS_ON, number % 3);
    set(inbox, BARS, 1 + number % 4);
}

/* All instances play their phrases; then the plugins are off, and some blocks more. */
static void perform(instance_t *instances, int many, int phrases, int port) {
    struct timespec begin;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (long block = 0, over = -1; over < 0 || block < over; block += FRAMES) {
        bool playing = false;
        for (int n = 0; n < many; ++n) {
            inbox_t inbox = {.count = 0};
            if (block == 0) set_up(&inbox, n, port);
            if (over >= 0) set(&inbox, MODE, OFF);
            play(&instances[n], n, &inbox, block, phrases);
            process(&instances[n], n, &inbox, block);
            playing |= instances[n].phrases < phrases || instances[n].key;
        }
        if (!playing && over < 0) over = block + 10 * FRAMES;
        wait_for(block + FRAMES, &begin);
    }
}

int main(int count, char **arguments) {
    static instance_t instances[MOST_INSTANCES];
    if (count < 6) return 2;
    const int port = atoi(arguments[2]), many = atoi(arguments[3]), phrases = atoi(arguments[4]);
    void *library = dlopen(arguments[1], RTLD_NOW);
    if (!library || many > MOST_INSTANCES) return fprintf(stderr, "%s\n", dlerror()), 1;
    const clap_plugin_entry_t *entry = dlsym(library, "clap_entry");
    if (!entry || !entry->init(arguments[1])) return 1;
    const clap_plugin_factory_t *factory = entry->get_factory(CLAP_PLUGIN_FACTORY_ID);
    describe(factory->get_plugin_descriptor(factory, 0));
    for (int n = 0; n < many; ++n)
        start(&instances[n], factory, (unsigned)(1000 * atoi(arguments[5]) + n));
    careless = count > 6;
    perform(instances, many, phrases, port);
    for (int n = 0; n < many; ++n) end(&instances[n]);
    entry->deinit();
    return 0;
}
