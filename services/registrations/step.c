/* step.c - one way to take a step, and one way to refuse it. */
#include "step.h"

#include "messages.h"
#include "reasons.h"

#include <assert.h>
#include <string.h>

const char *machine_possible(struct arena *arena, const struct machine *machine, int state)
{
    const char *possible = "";

    for (size_t i = 0; i < machine->step_count; i++) {
        if ((machine->steps[i].from & STATE_BIT(state)) != 0) {
            possible = list_text(arena, possible, machine->steps[i].name);
        }
    }
    return possible;
}

struct status machine_refuse(struct call *call, const struct machine *machine, int state,
                             const char *wanted)
{
    const char *possible = machine_possible(call->arena, machine, state);

    call_metadata(call, "currentState", enum_name(machine->states, state));
    call_metadata(call, "possibleSteps", possible);
    return REFUSE(call, REASON_STEP_NOT_POSSIBLE, NULL,
                  "%s is not possible for %s %s that is %s; possible: %s", wanted,
                  strchr("aeiou", machine->noun[0]) != NULL ? "an" : "a", machine->noun,
                  enum_name(machine->states, state), possible[0] != '\0' ? possible : "none");
}

struct status machine_step(struct call *call, const struct machine *machine, int state,
                           const char *name, int *ret_state)
{
    const struct step *step = NULL;

    for (size_t i = 0; i < machine->step_count; i++) {
        if (strcmp(machine->steps[i].name, name) == 0) {
            step = &machine->steps[i];
        }
    }
    assert(step != NULL);
    if ((step->from & STATE_BIT(state)) == 0) {
        return machine_refuse(call, machine, state, name);
    }
    *ret_state = step->to;
    return STATUS_NONE;
}
