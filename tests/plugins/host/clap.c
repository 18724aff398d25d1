/* CLAP, by its C interface. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio_thread.h"
#include "entry.h"
#include "events.h"
#include "ext/audio-ports.h"
#include "ext/params.h"
#include "format.h"
#include "plugin-factory.h"
#include "plugin.h"

typedef struct {
    const clap_plugin_t *plugin;
    const clap_plugin_params_t *parameters;
    bool has_audio;
} instance_t;

typedef union {
    clap_event_header_t header;
    clap_event_midi_t midi;
    clap_event_param_value_t parameter;
} event_t;

typedef struct {
    event_t events[MOST_MESSAGES + MOST_SETTINGS];
    uint32_t count;
} inbox_t;

static const clap_plugin_entry_t *entry;
static const clap_plugin_factory_t *factory;

static const void *CLAP_ABI no_extension(const clap_host_t *host, const char *id) {
    (void)host, (void)id;
    return NULL;
}
static void CLAP_ABI nothing(const clap_host_t *host) { (void)host; }

static const clap_host_t host = {CLAP_VERSION_INIT, NULL, "host", "Antiphon", "", "1",
                                 no_extension, nothing, nothing, nothing};

static void load(const char *path) {
    entry = needed(dlsym(needed(dlopen(path, RTLD_NOW), path), "clap_entry"), "clap_entry");
    if (!entry->init(path)) exit(1);
    factory = needed(entry->get_factory(CLAP_PLUGIN_FACTORY_ID), "the factory");
    const clap_plugin_descriptor_t *about = factory->get_plugin_descriptor(factory, 0);
    printf("about %s %s", about->id, about->name);
    for (const char *const *feature = about->features; *feature; ++feature) printf(" %s", *feature);
    printf("\n");
}

static void *start(void) {
    instance_t *one = calloc(1, sizeof *one);
    const char *id = factory->get_plugin_descriptor(factory, 0)->id;
    const clap_plugin_t *plugin = needed(factory->create_plugin(factory, &host, id), id);
    if (!plugin->init(plugin)) exit(1);
    const clap_plugin_audio_ports_t *ports = plugin->get_extension(plugin, CLAP_EXT_AUDIO_PORTS);
    one->plugin = plugin;
    one->parameters = needed(plugin->get_extension(plugin, CLAP_EXT_PARAMS), CLAP_EXT_PARAMS);
    one->has_audio = ports && ports->count(plugin, false) > 0;
    if (!plugin->activate(plugin, RATE, 1, FRAMES)) exit(1);
    plugin->start_processing(plugin);
    return one;
}

static int parameter(void *plugin, const char *name) {
    const instance_t *one = plugin;
    clap_param_info_t about = {0};
    for (uint32_t n = 0; n < one->parameters->count(one->plugin); ++n)
        if (one->parameters->get_info(one->plugin, n, &about) && !strcmp(about.name, name))
            return (int)about.id;
    needed(NULL, name);
    return -1;
}

static clap_event_header_t header(uint32_t size, uint16_t type, uint32_t frame) {
    return (clap_event_header_t){size, frame, CLAP_CORE_EVENT_SPACE_ID, type, 0};
}

static inbox_t inbox_of(const block_t *block) {
    inbox_t inbox = {.count = 0};
    for (int n = 0; n < block->settings->count; ++n) {
        clap_event_param_value_t *event = &inbox.events[inbox.count++].parameter;
        event->header = header(sizeof *event, CLAP_EVENT_PARAM_VALUE, 0);
        event->param_id = (clap_id)block->settings->of[n].parameter;
        event->note_id = -1;
        event->port_index = event->channel = event->key = -1;
        event->value = block->settings->of[n].value;
    }
    for (int n = 0; n < block->in->count; ++n) {
        clap_event_midi_t *event = &inbox.events[inbox.count++].midi;
        event->header = header(sizeof *event, CLAP_EVENT_MIDI, (uint32_t)block->in->of[n].frame);
        memcpy(event->data, block->in->of[n].bytes, 3);
    }
    return inbox;
}

static uint32_t CLAP_ABI inbox_size(const clap_input_events_t *list) {
    return ((const inbox_t *)list->ctx)->count;
}

static const clap_event_header_t *CLAP_ABI inbox_get(const clap_input_events_t *list,
                                                     uint32_t n) {
    return &((const inbox_t *)list->ctx)->events[n].header;
}

static bool CLAP_ABI take(const clap_output_events_t *list, const clap_event_header_t *header) {
    if (header->type != CLAP_EVENT_MIDI) return false;
    return add_message(list->ctx, (int)header->time, ((const clap_event_midi_t *)header)->data);
}

static clap_event_transport_t transport_at(double beats) {
    clap_event_transport_t transport = {0};
    transport.header = header(sizeof transport, CLAP_EVENT_TRANSPORT, 0);
    transport.flags = CLAP_TRANSPORT_HAS_TEMPO | CLAP_TRANSPORT_HAS_BEATS_TIMELINE |
                      CLAP_TRANSPORT_HAS_TIME_SIGNATURE | CLAP_TRANSPORT_IS_PLAYING;
    transport.tempo = BPM;
    transport.tsig_num = transport.tsig_denom = 4;
    transport.song_pos_beats = (clap_beattime)(beats * CLAP_BEATTIME_FACTOR);
    return transport;
}

static void process(void *plugin, const block_t *block) {
    static float left[FRAMES], right[FRAMES];
    const instance_t *one = plugin;
    float *channels[] = {left, right};
    clap_audio_buffer_t audio = {.data32 = channels, .channel_count = 2};
    inbox_t inbox = inbox_of(block);
    const clap_event_transport_t transport = transport_at(block->beats);
    const clap_input_events_t in = {&inbox, inbox_size, inbox_get};
    const clap_output_events_t out = {block->out, take};
    const clap_process_t call = {.steady_time = block->frame,
                                 .frames_count = FRAMES,
                                 .transport = &transport,
                                 .audio_outputs = &audio,
                                 .audio_outputs_count = one->has_audio,
                                 .in_events = &in,
                                 .out_events = &out};
    enter_audio_thread();
    one->plugin->process(one->plugin, &call);
    leave_audio_thread();
}

static void end(void *plugin) {
    instance_t *one = plugin;
    one->plugin->stop_processing(one->plugin);
    one->plugin->deactivate(one->plugin);
    if (careless) enter_audio_thread();
    one->plugin->destroy(one->plugin);
    leave_audio_thread();
    free(one);
}

static void unload(void) { entry->deinit(); }

const format_t clap_format = {"clap", load, start, parameter, process, end, unload};
