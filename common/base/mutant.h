/*
 * mutant.h - planted bugs, for the tests that have to catch them: never in a program that is used.
 *
 * Built with -DDONGKHOI_MUTANT=M9, MUTANT(M9) is 1 and every other one 0, in #if as well as in C.
 * The names are those of tests/models/freshness.pml, which says what each breaks; those that begin
 * with MR and MD are of Redis and the disk, of which the models know nothing.
 */
#ifndef BASE_MUTANT_H
#define BASE_MUTANT_H

#define MUTANT_NONE 0
#define MUTANT_M1 1   /* owner: acknowledged right after the commit */
#define MUTANT_M2 2   /* owner: answered before the commit */
#define MUTANT_M3 3   /* gateway: lease counted from the arrival of the answer */
#define MUTANT_M4 4   /* owner: no wait after a start */
#define MUTANT_M5 5   /* owner: reads leave before their version is stable */
#define MUTANT_M6 6   /* gateway: stored under the version known when it is stored */
#define MUTANT_M7 7   /* gateway: does not notice that its lease ran out */
#define MUTANT_M8 8   /* gateway: key without version */
#define MUTANT_M9 9   /* owner: a renewal granted at v is taken as knowing v */
#define MUTANT_M10 10 /* owner: margin smaller than the drift of clocks */
#define MUTANT_M11 11 /* gateway: version picked first, lease checked afterwards */
#define MUTANT_M12 12 /* owner: version read first, lease recorded afterwards */
#define MUTANT_M13 13 /* gateway: new lease first, new version afterwards */
#define MUTANT_M14 14 /* gateway: joins a call in flight without comparing versions */
#define MUTANT_M15 15 /* owner: publishing and noting the holders are two steps */
#define MUTANT_M16 16 /* owner: after a start only acknowledgements wait */
#define MUTANT_M17 17 /* gateway: two processes with one id */
#define MUTANT_M18 18 /* owner: value first, its version afterwards */
#define MUTANT_M19 19 /* owner: version first, the value afterwards */
#define MUTANT_M20 20 /* gateway: watches since v before it has put v to use */
#define MUTANT_ML1 21 /* owner: every lease is waited for, and renewals extend it */
#define MUTANT_MR1 22 /* gateway: an entry of Redis may be that of another key */
#define MUTANT_MR2 23 /* gateway: an entry of Redis may have any checksum */
#define MUTANT_MD1 24 /* store: commits are not synced */

#include <unistd.h>

#ifndef DONGKHOI_MUTANT
#define DONGKHOI_MUTANT NONE
#endif
#define MUTANT_NUMBER_OF(name) MUTANT_##name
#define MUTANT_NUMBER(name) MUTANT_NUMBER_OF(name)
#define MUTANT(name) (MUTANT_##name == MUTANT_NUMBER(DONGKHOI_MUTANT))

/* Between two steps that should have been one. */
#ifndef MUTANT_PAUSE_US
#define MUTANT_PAUSE_US 2000
#endif
#define MUTANT_PAUSE() ((void)usleep(MUTANT_PAUSE_US))

#endif
