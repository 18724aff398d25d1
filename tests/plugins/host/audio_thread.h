/* Who is in the audio thread may not allocate, lock or call the system: whoever does is named and
 * the program aborts. */
#pragma once

#include <stdbool.h>

/* From now on this thread is in it. */
void enter_audio_thread(void);

void leave_audio_thread(void);

/* Allocate in it ourselves, to show that it would be noticed. */
extern bool careless;
