/* What a host needs of a plugin format; there is one file for each. */
#pragma once

#include <stdbool.h>

enum { FRAMES = 256, RATE = 48000, MOST_MESSAGES = 64, MOST_SETTINGS = 8 };
static const double BPM = 300;

typedef struct {
    int frame; /* in the block */
    unsigned char bytes[3];
} message_t;

typedef struct {
    message_t of[MOST_MESSAGES];
    int count;
} messages_t;

typedef struct {
    int parameter; /* as `parameter` had it */
    double value;  /* as a player reads it */
} setting_t;

typedef struct {
    setting_t of[MOST_SETTINGS];
    int count;
} settings_t;

/* A block of FRAMES; the song rolls, in 4/4, and stands at `beats` when it begins. */
typedef struct {
    long frame;
    double beats;
    const settings_t *settings;
    const messages_t *in;
    messages_t *out; /* none yet */
} block_t;

typedef struct {
    const char *name;
    /* Loads a plugin and prints what it says about itself. Ends the program if it cannot. */
    void (*load)(const char *path);
    void *(*start)(void);
    /* Where a plugin has the parameter that players know by this name. */
    int (*parameter)(void *plugin, const char *name);
    /* Has the plugin process a block, in the audio thread. */
    void (*process)(void *plugin, const block_t *block);
    /* In the audio thread if that is `careless`. */
    void (*end)(void *plugin);
    /* When all have ended. */
    void (*unload)(void);
} format_t;

extern const format_t clap_format, lv2_format, vst3_format;

/* Ends the program with a sentence unless something is there; returns it. */
void *needed(const void *there, const char *what);

/* Adds a message; false if there is no room. */
bool add_message(messages_t *messages, int frame, const unsigned char *bytes);
