/* critical_path.c - one pass forward for the earliest times, one back for the latest. */
#include "critical_path.h"

enum { UNSEEN, ON_PATH, DONE };

struct visit {
    size_t activity;
    size_t next_link;
};

/* A walk in depth without recursion: path is what waits for each other, order what is done. */
struct walk {
    const struct activity *activities;
    unsigned char *states;
    struct visit *path;
    size_t depth;
    size_t *order;
    size_t count;
};

static void walk_enter(struct walk *walk, size_t activity)
{
    walk->states[activity] = ON_PATH;
    walk->path[walk->depth++] = (struct visit){.activity = activity};
}

/* The path from activity on is a cycle. */
static void cycle_take(struct walk *walk, size_t activity)
{
    size_t start = walk->depth;

    walk->count = 0;
    while (walk->path[start - 1].activity != activity) {
        start--;
    }
    for (size_t i = start - 1; i < walk->depth; i++) {
        walk->order[walk->count++] = walk->path[i].activity;
    }
}

/* True when a cycle was found. */
static bool walk_from(struct walk *walk, size_t first)
{
    walk_enter(walk, first);
    while (walk->depth > 0) {
        struct visit *visit = &walk->path[walk->depth - 1];
        const struct activity *activity = &walk->activities[visit->activity];
        if (visit->next_link == activity->link_count) {
            walk->states[visit->activity] = DONE;
            walk->order[walk->count++] = visit->activity;
            walk->depth--;
            continue;
        }
        const size_t from = activity->links[visit->next_link++].from;
        if (walk->states[from] == ON_PATH) {
            cycle_take(walk, from);
            return true;
        }
        if (walk->states[from] == UNSEEN) {
            walk_enter(walk, from);
        }
    }
    return false;
}

enum critical_path_result critical_path_order(struct arena *arena,
                                              const struct activity *activities, size_t count,
                                              size_t **ret_order, size_t *ret_count)
{
    struct walk walk = {
        .activities = activities,
        .states = arena_alloc(arena, count),
        .path = arena_array(arena, count, sizeof(*walk.path)),
        .order = arena_array(arena, count, sizeof(*walk.order)),
    };
    bool cycle = false;

    for (size_t i = 0; i < count && !cycle; i++) {
        if (walk.states[i] == UNSEEN) {
            cycle = walk_from(&walk, i);
        }
    }
    *ret_order = walk.order;
    *ret_count = walk.count;
    return cycle ? CRITICAL_PATH_CYCLE : CRITICAL_PATH_OK;
}

static struct offset offset_add(struct offset offset, int64_t days)
{
    return (struct offset){.known = offset.known, .days = offset.known ? offset.days + days : 0};
}

/* The later of two, unknown when one is. */
static struct offset offset_max(struct offset a, struct offset b)
{
    const bool known = a.known && b.known;

    return (struct offset){.known = known, .days = !known ? 0 : a.days > b.days ? a.days : b.days};
}

static struct offset offset_min(struct offset a, struct offset b)
{
    const bool known = a.known && b.known;

    return (struct offset){.known = known, .days = !known ? 0 : a.days < b.days ? a.days : b.days};
}

/* The earliest start that one link allows. */
static struct offset start_after(const struct activity *from, const struct link *link,
                                 int64_t duration)
{
    switch (link->type) {
    case LINK_SS:
        return offset_add(from->early_start, link->lag);
    case LINK_FF:
        return offset_add(from->early_finish, link->lag - duration);
    case LINK_FS:
    default:
        return offset_add(from->early_finish, link->lag);
    }
}

/* The latest finish of the other end that one link allows. */
static struct offset finish_before(const struct activity *to, const struct link *link,
                                   int64_t duration)
{
    switch (link->type) {
    case LINK_SS:
        return offset_add(to->late_start, duration - link->lag);
    case LINK_FF:
        return offset_add(to->late_finish, -link->lag);
    case LINK_FS:
    default:
        return offset_add(to->late_start, -link->lag);
    }
}

static void forward(struct activity *activities, struct activity *activity)
{
    struct offset start = {.known = activity->duration.known};

    for (size_t i = 0; i < activity->link_count; i++) {
        const struct link *link = &activity->links[i];
        start =
            offset_max(start, start_after(&activities[link->from], link, activity->duration.days));
    }
    activity->early_start = start;
    activity->early_finish = offset_add(start, activity->duration.days);
}

/* late_finish was lowered by all that wait for this one, which came before. */
static void backward(struct activity *activities, struct activity *activity)
{
    if (!activity->duration.known) {
        activity->late_finish = (struct offset){0};
    }
    activity->late_start = offset_add(activity->late_finish, -activity->duration.days);
    activity->slack = offset_add(activity->late_start, -activity->early_start.days);
    activity->slack.known = activity->late_start.known && activity->early_start.known;
    for (size_t i = 0; i < activity->link_count; i++) {
        const struct link *link = &activity->links[i];
        struct activity *from = &activities[link->from];
        from->late_finish =
            offset_min(from->late_finish, finish_before(activity, link, from->duration.days));
    }
}

enum critical_path_result critical_path_compute(struct arena *arena, struct activity *activities,
                                                size_t count, struct offset imposed,
                                                struct offset *ret_finish)
{
    struct offset finish = {.known = count > 0};
    size_t *order = NULL;
    size_t ordered = 0;
    const enum critical_path_result result =
        critical_path_order(arena, activities, count, &order, &ordered);

    if (result != CRITICAL_PATH_OK) {
        return result;
    }
    for (size_t i = 0; i < count; i++) {
        forward(activities, &activities[order[i]]);
        finish = offset_max(finish, activities[order[i]].early_finish);
    }
    for (size_t i = 0; i < count; i++) {
        activities[i].late_finish = imposed.known ? imposed : finish;
    }
    for (size_t i = count; i > 0; i--) {
        backward(activities, &activities[order[i - 1]]);
    }
    *ret_finish = finish;
    return CRITICAL_PATH_OK;
}
