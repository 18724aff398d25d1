/* Loaded into Ardour, in place of the functions of these names in its JACK backend.
 *
 * Ardour 7 gives its ports pretty names from a thread of its own, and nothing keeps that request
 * from falling into the middle of another: then the JACK server loses its place, and nobody gets
 * an answer any more. The names lie in a data base that all JACK servers of a user share, with
 * locks that a process killed in a test takes with it. So here no port has another name. */

int WJACK_set_property(void) { return -1; }
int WJACK_get_property(void) { return -1; }
