/// What hosts are told about the plugin. ANTIPHON_INSTRUMENT makes the variant for hosts that take
/// notes only from instruments, like Ableton Live: it has a silent stereo output.
#pragma once

#define DISTRHO_PLUGIN_BRAND "Antiphon"
#define DISTRHO_PLUGIN_HAS_UI 0
#define DISTRHO_PLUGIN_IS_RT_SAFE 1
#define DISTRHO_PLUGIN_NUM_INPUTS 0
#define DISTRHO_PLUGIN_WANT_MIDI_INPUT 1
#define DISTRHO_PLUGIN_WANT_MIDI_OUTPUT 1
#define DISTRHO_PLUGIN_WANT_TIMEPOS 1

#ifdef ANTIPHON_INSTRUMENT
#define DISTRHO_PLUGIN_NAME "Antiphon Instrument"
#define DISTRHO_PLUGIN_URI "urn:antiphon:instrument"
#define DISTRHO_PLUGIN_CLAP_ID "antiphon.instrument"
#define DISTRHO_PLUGIN_NUM_OUTPUTS 2
#define DISTRHO_PLUGIN_IS_SYNTH 1
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Instrument|Tools"
#define DISTRHO_PLUGIN_CLAP_FEATURES "instrument", "note-effect"
#define DISTRHO_PLUGIN_LV2_CATEGORY "lv2:InstrumentPlugin"
#else
#define DISTRHO_PLUGIN_NAME "Antiphon"
#define DISTRHO_PLUGIN_URI "urn:antiphon:effect"
#define DISTRHO_PLUGIN_CLAP_ID "antiphon.effect"
#define DISTRHO_PLUGIN_NUM_OUTPUTS 0
#define DISTRHO_PLUGIN_IS_SYNTH 0
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Fx|Event"
#define DISTRHO_PLUGIN_CLAP_FEATURES "note-effect"
#define DISTRHO_PLUGIN_LV2_CATEGORY "lv2:MIDIPlugin"
#endif
