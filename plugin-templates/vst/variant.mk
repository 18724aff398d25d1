# One variant of the plugin, built by DPF's rules; called by the Makefile.

NAME := antiphon-$(VARIANT)
FILES_DSP := plugin.cpp
DPF_TARGET_DIR := $(OUT)
DPF_BUILD_DIR := $(OUT)/objects/$(VARIANT)
# Debian's DPF comes without RtAudio: the standalone is for JACK.
HAVE_RTAUDIO := false
HAVE_ALSA := false

include $(DPF_PATH)/Makefile.plugins.mk

BUILD_CXX_FLAGS += -std=c++17 -fno-fast-math -Wno-unused-parameter
BUILD_CXX_FLAGS += $(if $(filter instrument,$(VARIANT)),-DANTIPHON_INSTRUMENT)
LINK_FLAGS += $(if $(filter true,$(WINDOWS)),-lws2_32 -static,-lpthread)
