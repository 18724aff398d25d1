/* A small host that plays short phrases to many instances of a plugin at once, in real time, and
 * prints what goes in and out:
 *
 *     host FORMAT PLUGIN PORT INSTANCES PHRASES SEED [careless]
 *
 *     about ...                                         once, what the format knows of it
 *     in  INSTANCE FRAME STATUS KEY VELOCITY            a key of the player's
 *     out INSTANCE FRAME STATUS KEY VELOCITY            what the plugin sent
 *
 * While a plugin processes, its thread is watched (audio_thread.h); `careless` has plugins end in
 * that thread, where they must be caught. Phrases are cut in on at any moment; the host loops from
 * beat 32 back to 0.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audio_thread.h"
#include "format.h"

enum { MOST_INSTANCES = 64, LOOP_BEATS = 32, OFF = 0, OWN_VELOCITY = 90 };

static const format_t *const FORMATS[] = {&clap_format, &lv2_format, &vst3_format};

/* A plugin and its player. */
typedef struct {
    void *plugin;
    int mode, silence, begins_on, bars, port;
    int phrases, key;
    long next_frame;
    unsigned random;
} instance_t;

void *needed(const void *there, const char *what) {
    if (!there) {
        fprintf(stderr, "%s is missing\n", what);
        exit(1);
    }
    return (void *)there;
}

bool add_message(messages_t *messages, int frame, const unsigned char *bytes) {
    if (messages->count == MOST_MESSAGES) return false;
    message_t *message = &messages->of[messages->count++];
    message->frame = frame;
    memcpy(message->bytes, bytes, 3);
    return true;
}

static int any(instance_t *one, int least, int most) {
    one->random = one->random * 1664525u + 1013904223u;
    return least + (int)((one->random >> 8) % (unsigned)(most - least + 1));
}

/* A key down, up again, and now and then a rest in which an answer may begin. */
static void play(instance_t *one, messages_t *in, long block, int phrases) {
    while (one->next_frame < block + FRAMES && (one->phrases < phrases || one->key)) {
        const int key = one->key ? one->key : any(one, 48, 84);
        const unsigned char bytes[] = {one->key ? 0x80 : 0x90, (unsigned char)key, OWN_VELOCITY};
        if (!add_message(in, (int)(one->next_frame - block), bytes)) needed(NULL, "room for keys");
        const bool phrase_over = one->key && any(one, 0, 1);
        one->key = one->key ? 0 : key;
        one->phrases += phrase_over;
        one->next_frame +=
            phrase_over ? any(one, RATE / 8, RATE * 3 / 4) : any(one, 200, RATE / 12);
    }
}

static void print(const char *direction, int number, long block, const messages_t *messages) {
    for (int n = 0; n < messages->count; ++n) {
        const unsigned char *bytes = messages->of[n].bytes;
        const long frame = block + messages->of[n].frame;
        printf("%s %d %ld %d %d %d\n", direction, number, frame, bytes[0], bytes[1], bytes[2]);
    }
}

static void set(settings_t *settings, int parameter, double value) {
    settings->of[settings->count++] = (setting_t){parameter, value};
}

static void set_up(const instance_t *one, settings_t *settings, int number, int port) {
    set(settings, one->port, port);
    set(settings, one->silence, 0.25);
    set(settings, one->begins_on, number % 3);
    set(settings, one->bars, 1 + number % 4);
}

static void wait_for(long frame, const struct timespec *begin) {
    struct timespec until = *begin;
    until.tv_sec += frame / RATE;
    until.tv_nsec += frame % RATE * 1000000000L / RATE;
    if (until.tv_nsec >= 1000000000L) until.tv_sec++, until.tv_nsec -= 1000000000L;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {}
}

static void start(instance_t *one, const format_t *format, unsigned seed) {
    one->plugin = needed(format->start(), "an instance");
    one->mode = format->parameter(one->plugin, "Mode");
    one->silence = format->parameter(one->plugin, "Silence");
    one->begins_on = format->parameter(one->plugin, "Begins on");
    one->bars = format->parameter(one->plugin, "Bars");
    one->port = format->parameter(one->plugin, "Port");
    one->random = seed;
    one->next_frame = RATE / 2 + any(one, 0, RATE / 2);
}

/* All instances play their phrases; then the plugins are off, and some blocks more. */
static void perform(const format_t *format, instance_t *instances, int many, int phrases,
                    int port) {
    struct timespec begin;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (long frame = 0, over = -1; over < 0 || frame < over; frame += FRAMES) {
        const double beats = fmod((double)frame / RATE * BPM / 60, LOOP_BEATS);
        bool playing = false;
        for (int n = 0; n < many; ++n) {
            instance_t *one = &instances[n];
            settings_t settings = {.count = 0};
            messages_t in = {.count = 0}, out = {.count = 0};
            if (frame == 0) set_up(one, &settings, n, port);
            if (over >= 0) set(&settings, one->mode, OFF);
            play(one, &in, frame, phrases);
            const block_t block = {frame, beats, &settings, &in, &out};
            format->process(one->plugin, &block);
            print("in", n, frame, &in);
            print("out", n, frame, &out);
            playing |= one->phrases < phrases || one->key;
        }
        if (!playing && over < 0) over = frame + 10 * FRAMES;
        wait_for(frame + FRAMES, &begin);
    }
}

static const format_t *format_called(const char *name) {
    for (unsigned n = 0; n < sizeof FORMATS / sizeof *FORMATS; ++n)
        if (!strcmp(FORMATS[n]->name, name)) return FORMATS[n];
    return NULL;
}

int main(int count, char **arguments) {
    static instance_t instances[MOST_INSTANCES];
    if (count < 7) return 2;
    const format_t *format = needed(format_called(arguments[1]), "the format");
    const int port = atoi(arguments[3]), many = atoi(arguments[4]), phrases = atoi(arguments[5]);
    if (many > MOST_INSTANCES) return 2;
    format->load(arguments[2]);
    for (int n = 0; n < many; ++n)
        start(&instances[n], format, (unsigned)(1000 * atoi(arguments[6]) + n));
    careless = count > 7;
    perform(format, instances, many, phrases, port);
    for (int n = 0; n < many; ++n) format->end(instances[n].plugin);
    format->unload();
    return 0;
}
