/* Who is in the audio thread may neither allocate nor lock nor call the system: whoever calls what
 * audio_thread.c lists is named, and the program aborts. */
#pragma once

#include <stdbool.h>

/* From now on this thread is in it. */
void enter_audio_thread(void);

void leave_audio_thread(void);

/* Plugins are ended in it, to show that what they do there is noticed. */
extern bool careless;
