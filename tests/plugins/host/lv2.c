/* LV2, by lilv. */
#include <lilv/lilv.h>
#include <lv2/atom/forge.h>
#include <lv2/atom/util.h>
#include <lv2/buf-size/buf-size.h>
#include <lv2/midi/midi.h>
#include <lv2/options/options.h>
#include <lv2/parameters/parameters.h>
#include <lv2/time/time.h>
#include <lv2/urid/urid.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio_thread.h"
#include "format.h"

enum { MOST_PORTS = 64, MOST_URIS = 64, SEQUENCE_BYTES = 8192 };

typedef struct {
    LilvInstance *plugin;
    float controls[MOST_PORTS];
    float audio[FRAMES];
    _Alignas(8) uint8_t in[SEQUENCE_BYTES], out[SEQUENCE_BYTES];
} instance_t;

static LilvWorld *world;
static const LilvPlugin *about;

static LV2_URID map(void *handle, const char *uri) {
    static char *known[MOST_URIS];
    (void)handle;
    for (LV2_URID n = 0; n < MOST_URIS; ++n) {
        if (!known[n]) known[n] = strdup(uri);
        if (!strcmp(known[n], uri)) return n + 1;
    }
    return 0;
}

static LV2_URID_Map uris = {NULL, map};

static bool is(const LilvPort *port, const char *uri) {
    LilvNode *class = lilv_new_uri(world, uri);
    const bool found = lilv_port_is_a(about, port, class);
    lilv_node_free(class);
    return found;
}

static void load(const char *path) {
    world = lilv_world_new();
    LilvNode *bundle = lilv_new_file_uri(world, NULL, path);
    lilv_world_load_bundle(world, bundle);
    lilv_node_free(bundle);
    const LilvPlugins *plugins = lilv_world_get_all_plugins(world);
    about = needed(lilv_plugins_get(plugins, lilv_plugins_begin(plugins)), path);
    LilvNode *name = lilv_plugin_get_name(about);
    const char *uri = lilv_node_as_uri(lilv_plugin_get_uri(about));
    printf("about %s %s\n", uri, lilv_node_as_string(name));
    lilv_node_free(name);
}

static void connect(instance_t *one, uint32_t n, float standard) {
    const LilvPort *port = lilv_plugin_get_port_by_index(about, n);
    one->controls[n] = isnan(standard) ? 0 : standard;
    void *place = is(port, LV2_CORE__ControlPort)  ? (void *)&one->controls[n]
                  : is(port, LV2_CORE__AudioPort)  ? (void *)one->audio
                  : is(port, LV2_CORE__OutputPort) ? (void *)one->out
                                                   : (void *)one->in;
    lilv_instance_connect_port(one->plugin, n, place);
}

static void *start(void) {
    static const int32_t frames = FRAMES;
    static const float rate = RATE;
    instance_t *one = calloc(1, sizeof *one);
    const LV2_URID whole = map(NULL, LV2_ATOM__Int), broken = map(NULL, LV2_ATOM__Float);
    const LV2_Options_Option options[] = {
        {LV2_OPTIONS_INSTANCE, 0, map(NULL, LV2_BUF_SIZE__maxBlockLength), 4, whole, &frames},
        {LV2_OPTIONS_INSTANCE, 0, map(NULL, LV2_PARAMETERS__sampleRate), 4, broken, &rate},
        {LV2_OPTIONS_INSTANCE, 0, 0, 0, 0, NULL}};
    const LV2_Feature mapping = {LV2_URID__map, &uris};
    const LV2_Feature opts = {LV2_OPTIONS__options, (void *)options};
    const LV2_Feature *const features[] = {&mapping, &opts, NULL};
    one->plugin = needed(lilv_plugin_instantiate(about, RATE, features), "an instance");
    const uint32_t ports = lilv_plugin_get_num_ports(about);
    if (ports > MOST_PORTS) exit(1);
    float standard[MOST_PORTS];
    lilv_plugin_get_port_ranges_float(about, NULL, NULL, standard);
    for (uint32_t n = 0; n < ports; ++n) connect(one, n, standard[n]);
    lilv_instance_activate(one->plugin);
    return one;
}

static int parameter(void *plugin, const char *name) {
    (void)plugin;
    for (uint32_t n = 0; n < lilv_plugin_get_num_ports(about); ++n) {
        LilvNode *found = lilv_port_get_name(about, lilv_plugin_get_port_by_index(about, n));
        const bool same = !strcmp(lilv_node_as_string(found), name);
        lilv_node_free(found);
        if (same) return (int)n;
    }
    needed(NULL, name);
    return -1;
}

static void write_position(LV2_Atom_Forge *forge, const block_t *block) {
    LV2_Atom_Forge_Frame object;
    lv2_atom_forge_frame_time(forge, 0);
    lv2_atom_forge_object(forge, &object, 0, map(NULL, LV2_TIME__Position));
    lv2_atom_forge_key(forge, map(NULL, LV2_TIME__frame));
    lv2_atom_forge_long(forge, llround(block->beats * 60 / BPM * RATE));
    lv2_atom_forge_key(forge, map(NULL, LV2_TIME__speed));
    lv2_atom_forge_float(forge, 1);
    lv2_atom_forge_key(forge, map(NULL, LV2_TIME__bar));
    lv2_atom_forge_long(forge, (int64_t)(block->beats / 4));
    lv2_atom_forge_key(forge, map(NULL, LV2_TIME__barBeat));
    lv2_atom_forge_float(forge, (float)fmod(block->beats, 4));
    lv2_atom_forge_key(forge, map(NULL, LV2_TIME__beatUnit));
    lv2_atom_forge_int(forge, 4);
    lv2_atom_forge_key(forge, map(NULL, LV2_TIME__beatsPerBar));
    lv2_atom_forge_float(forge, 4);
    lv2_atom_forge_key(forge, map(NULL, LV2_TIME__beatsPerMinute));
    lv2_atom_forge_float(forge, (float)BPM);
    lv2_atom_forge_pop(forge, &object);
}

static void write_in(instance_t *one, const block_t *block) {
    LV2_Atom_Forge forge;
    LV2_Atom_Forge_Frame sequence;
    lv2_atom_forge_init(&forge, &uris);
    lv2_atom_forge_set_buffer(&forge, one->in, sizeof one->in);
    lv2_atom_forge_sequence_head(&forge, &sequence, 0);
    write_position(&forge, block);
    for (int n = 0; n < block->in->count; ++n) {
        lv2_atom_forge_frame_time(&forge, block->in->of[n].frame);
        lv2_atom_forge_atom(&forge, 3, map(NULL, LV2_MIDI__MidiEvent));
        lv2_atom_forge_write(&forge, block->in->of[n].bytes, 3);
    }
    lv2_atom_forge_pop(&forge, &sequence);
}

static void read_out(instance_t *one, const block_t *block) {
    const LV2_URID midi = map(NULL, LV2_MIDI__MidiEvent);
    LV2_Atom_Sequence *out = (LV2_Atom_Sequence *)one->out;
    if (out->atom.type != map(NULL, LV2_ATOM__Sequence)) return; /* nothing was written */
    LV2_ATOM_SEQUENCE_FOREACH(out, event)
    if (event->body.type == midi && event->body.size == 3 &&
        !add_message(block->out, (int)event->time.frames, (const uint8_t *)(event + 1)))
        needed(NULL, "room for what the plugin sent");
}

static void process(void *plugin, const block_t *block) {
    instance_t *one = plugin;
    for (int n = 0; n < block->settings->count; ++n)
        one->controls[block->settings->of[n].parameter] = (float)block->settings->of[n].value;
    write_in(one, block);
    const uint32_t room = SEQUENCE_BYTES - sizeof(LV2_Atom);
    *(LV2_Atom *)one->out = (LV2_Atom){room, map(NULL, LV2_ATOM__Chunk)};
    enter_audio_thread();
    lilv_instance_run(one->plugin, FRAMES);
    leave_audio_thread();
    read_out(one, block);
}

static void end(void *plugin) {
    instance_t *one = plugin;
    lilv_instance_deactivate(one->plugin);
    if (careless) {
        enter_audio_thread();
        lilv_instance_get_descriptor(one->plugin)->cleanup(lilv_instance_get_handle(one->plugin));
        leave_audio_thread();
    }
    lilv_instance_free(one->plugin);
    free(one);
}

static void unload(void) { lilv_world_free(world); }

const format_t lv2_format = {"lv2", load, start, parameter, process, end, unload};
