/* VST3, by its binary interface as DPF's C headers have it: an object is a pointer to a table of
 * functions, and each of them takes the object. */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio_thread.h"
#include "format.h"
#include "travesty/audio_processor.h"
#include "travesty/component.h"
/* The next header names these as C++ may. */
typedef struct v3_event_handler v3_event_handler;
typedef struct v3_timer_handler v3_timer_handler;
#include "travesty/edit_controller.h"
#include "travesty/factory.h"

typedef struct {
    struct v3_component **component;
    struct v3_audio_processor **processor;
    struct v3_edit_controller **controller;
    int32_t audio_buses;
} instance_t;

static struct v3_plugin_factory **factory;
static struct v3_class_info about;
static bool (*leave_module)(void);

static void checked(v3_result result, const char *what) {
    if (result != V3_OK) needed(NULL, what);
}

static void load(const char *path) {
    void *library = needed(dlopen(path, RTLD_NOW), path);
    bool (*enter)(void *);
    void *(*get_factory)(void);
    *(void **)&enter = needed(dlsym(library, "ModuleEntry"), "ModuleEntry");
    *(void **)&leave_module = needed(dlsym(library, "ModuleExit"), "ModuleExit");
    *(void **)&get_factory = needed(dlsym(library, "GetPluginFactory"), "GetPluginFactory");
    if (!enter(library)) exit(1);
    factory = needed(get_factory(), "the factory");
    checked((*factory)->get_class_info(factory, 0, &about), "a class");
    printf("about %s\n", about.name);
}

/* Another side of an object. */
static void *as(struct v3_component **component, const v3_tuid side, const char *what) {
    void *found = NULL;
    checked((*component)->query_interface(component, side, &found), what);
    return needed(found, what);
}

static void activate_buses(struct v3_component **component) {
    for (int32_t media = V3_AUDIO; media <= V3_EVENT; ++media)
        for (int32_t direction = V3_INPUT; direction <= V3_OUTPUT; ++direction)
            for (int32_t n = 0; n < (*component)->get_bus_count(component, media, direction); ++n)
                (*component)->activate_bus(component, media, direction, n, true);
}

static void *start(void) {
    instance_t *one = calloc(1, sizeof *one);
    void *made = NULL;
    checked((*factory)->create_instance(factory, about.class_id, v3_component_iid, &made), "it");
    struct v3_component **component = one->component = needed(made, "an instance");
    checked((*component)->initialize(component, NULL), "its beginning");
    one->processor = as(component, v3_audio_processor_iid, "the processor");
    one->controller = as(component, v3_edit_controller_iid, "the controller");
    struct v3_process_setup setup = {V3_REALTIME, V3_SAMPLE_32, FRAMES, RATE};
    checked((*one->processor)->setup_processing(one->processor, &setup), "the setup");
    activate_buses(component);
    one->audio_buses = (*component)->get_bus_count(component, V3_AUDIO, V3_OUTPUT);
    checked((*component)->set_active(component, true), "the active state");
    (*one->processor)->set_processing(one->processor, true);
    return one;
}

static bool is_called(const v3_str_128 title, const char *name) {
    size_t n = 0;
    while (name[n] && title[n] == name[n]) ++n;
    return !name[n] && !title[n];
}

static int parameter(void *plugin, const char *name) {
    const instance_t *one = plugin;
    struct v3_edit_controller **controller = one->controller;
    struct v3_param_info info;
    /* Ours are behind the thousands that stand for MIDI controllers. */
    for (int32_t n = (*controller)->get_parameter_count(controller) - 1; n >= 0; --n)
        if ((*controller)->get_parameter_info(controller, n, &info) == V3_OK &&
            is_called(info.title, name))
            return (int)info.param_id;
    needed(NULL, name);
    return -1;
}

/* Lists of ours that the plugin reads and writes; each begins with its table. */

static v3_result V3_API no_other(void *self, const v3_tuid side, void **found) {
    (void)self, (void)side;
    *found = NULL;
    return V3_NO_INTERFACE;
}
static uint32_t V3_API one_owner(void *self) {
    (void)self;
    return 1;
}

typedef struct {
    const struct v3_event_list *table;
    messages_t *messages;
} events_t;

static uint32_t V3_API event_count(void *self) {
    return (uint32_t)((events_t *)self)->messages->count;
}

static v3_result V3_API get_event(void *self, int32_t n, struct v3_event *event) {
    const message_t *message = &((events_t *)self)->messages->of[n];
    const float velocity = (float)message->bytes[2] / 127;
    memset(event, 0, sizeof *event);
    event->sample_offset = message->frame;
    if (message->bytes[0] == 0x90) {
        event->type = V3_EVENT_NOTE_ON;
        event->note_on = (struct v3_event_note_on){0, message->bytes[1], 0, velocity, 0, -1};
    } else {
        event->type = V3_EVENT_NOTE_OFF;
        event->note_off = (struct v3_event_note_off){0, message->bytes[1], velocity, -1, 0};
    }
    return V3_OK;
}

static v3_result V3_API add_event(void *self, struct v3_event *event) {
    const bool on = event->type == V3_EVENT_NOTE_ON;
    if (!on && event->type != V3_EVENT_NOTE_OFF) return V3_NOT_IMPLEMENTED;
    const int channel = on ? event->note_on.channel : event->note_off.channel;
    const int key = on ? event->note_on.pitch : event->note_off.pitch;
    const float velocity = on ? event->note_on.velocity : event->note_off.velocity;
    const unsigned char bytes[] = {(unsigned char)((on ? 0x90 : 0x80) | channel),
                                   (unsigned char)key, (unsigned char)lrintf(velocity * 127)};
    messages_t *messages = ((events_t *)self)->messages;
    return add_message(messages, event->sample_offset, bytes) ? V3_OK : V3_NOMEM;
}

static const struct v3_event_list EVENTS = {
    {no_other, one_owner, one_owner}, event_count, get_event, add_event};

typedef struct {
    const struct v3_param_value_queue *table;
    v3_param_id parameter;
    double value; /* 0 to 1 */
} queue_t;

static v3_param_id V3_API queue_parameter(void *self) { return ((queue_t *)self)->parameter; }

static int32_t V3_API one_point(void *self) {
    (void)self;
    return 1;
}

static v3_result V3_API get_point(void *self, int32_t n, int32_t *frame, double *value) {
    (void)n;
    *frame = 0;
    *value = ((queue_t *)self)->value;
    return V3_OK;
}

static v3_result V3_API take_point(void *self, int32_t frame, double value, int32_t *n) {
    (void)self, (void)frame, (void)value;
    *n = 0;
    return V3_OK;
}

static const struct v3_param_value_queue QUEUE = {
    {no_other, one_owner, one_owner}, queue_parameter, one_point, get_point, take_point};

typedef struct {
    const struct v3_param_changes *table;
    queue_t queues[MOST_SETTINGS];
    int32_t count;
} changes_t;

static int32_t V3_API change_count(void *self) { return ((changes_t *)self)->count; }

static struct v3_param_value_queue **V3_API get_change(void *self, int32_t n) {
    return (struct v3_param_value_queue **)&((changes_t *)self)->queues[n];
}

/* What the plugin says of its own parameters nobody reads. */
static struct v3_param_value_queue **V3_API take_change(void *self, v3_param_id *id, int32_t *n) {
    (void)id;
    *n = 0;
    return (struct v3_param_value_queue **)&((changes_t *)self)->queues[0];
}

static const struct v3_param_changes CHANGES = {
    {no_other, one_owner, one_owner}, change_count, get_change, take_change};

static changes_t changes_of(const instance_t *one, const settings_t *settings) {
    changes_t changes = {&CHANGES, {{&QUEUE, 0, 0}}, settings->count};
    for (int n = 0; n < settings->count; ++n) {
        const v3_param_id id = (v3_param_id)settings->of[n].parameter;
        const double value = (*one->controller)->plain_parameter_to_normalised(
            one->controller, id, settings->of[n].value);
        changes.queues[n] = (queue_t){&QUEUE, id, value};
    }
    return changes;
}

static struct v3_process_context context_at(const block_t *block) {
    struct v3_process_context context = {0};
    context.state = V3_PROCESS_CTX_PLAYING | V3_PROCESS_CTX_PROJECT_TIME_VALID |
                    V3_PROCESS_CTX_TEMPO_VALID | V3_PROCESS_CTX_TIME_SIG_VALID |
                    V3_PROCESS_CTX_CONT_TIME_VALID;
    context.sample_rate = RATE;
    context.continuous_time_in_samples = block->frame;
    context.project_time_in_samples = llround(block->beats * 60 / BPM * RATE);
    context.project_time_quarters = block->beats;
    context.bpm = BPM;
    context.time_sig_numerator = context.time_sig_denom = 4;
    return context;
}

static void process(void *plugin, const block_t *block) {
    static float left[FRAMES], right[FRAMES];
    const instance_t *one = plugin;
    float *channels[] = {left, right};
    struct v3_audio_bus_buffers audio = {2, 0, {channels}};
    events_t in = {&EVENTS, (messages_t *)block->in}, out = {&EVENTS, block->out};
    changes_t changes = changes_of(one, block->settings), said = {&CHANGES, {{&QUEUE, 0, 0}}, 0};
    struct v3_process_context context = context_at(block);
    struct v3_process_data call = {.process_mode = V3_REALTIME,
                                   .symbolic_sample_size = V3_SAMPLE_32,
                                   .nframes = FRAMES,
                                   .num_output_buses = one->audio_buses,
                                   .outputs = one->audio_buses ? &audio : NULL,
                                   .input_params = (struct v3_param_changes **)&changes,
                                   .output_params = (struct v3_param_changes **)&said,
                                   .input_events = (struct v3_event_list **)&in,
                                   .output_events = (struct v3_event_list **)&out,
                                   .ctx = &context};
    enter_audio_thread();
    (*one->processor)->process(one->processor, &call);
    leave_audio_thread();
}

static void end(void *plugin) {
    instance_t *one = plugin;
    (*one->processor)->set_processing(one->processor, false);
    (*one->component)->set_active(one->component, false);
    (*one->processor)->unref(one->processor);
    (*one->controller)->unref(one->controller);
    if (careless) enter_audio_thread();
    (*one->component)->terminate(one->component);
    leave_audio_thread();
    (*one->component)->unref(one->component);
    free(one);
}

static void unload(void) {
    (*factory)->unref(factory);
    leave_module();
}

const format_t vst3_format = {"vst3", load, start, parameter, process, end, unload};
