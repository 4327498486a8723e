/* project.c - a project of a scheme; milestones may name it. */
#include "messages.h"
#include "nighteconomy.h"
#include "reasons.h"

static struct status use_refuse(void *arg, const struct resource_revision *row)
{
    const milestone_message *milestone = row->message;
    struct call *call = arg;

    return REFUSE(call, REASON_PROJECT_IN_USE, NULL, "%s belongs to it: %s", milestone->name,
                  milestone->project);
}

static struct status project_prepare_delete(struct call *call, const void *resource)
{
    const project_message *project = resource;
    const struct resource_scan scan = {
        .parent = resource_parent(call->arena, project->name),
        .column = "project",
        .text = project->name,
    };

    return resource_each(call->tx, &milestone_kind, &scan, use_refuse, call);
}

static const struct resource_column project_columns[] = {
    {.name = "owner", .type = COLUMN_TEXT, .path = "owner"},
    {.name = "display_name_vi", .type = COLUMN_TEXT, .path = "display_name.vi"},
};

const struct resource_kind project_kind = {
    .singular = "project",
    .plural = "projects",
    .pattern = "schemes/{scheme}/projects/{project}",
    .type = &dongkhoi__nighteconomy__v1__project__descriptor,
    .columns = project_columns,
    .column_count = sizeof(project_columns) / sizeof(project_columns[0]),
    .layout = 1,
    .prepare_delete = project_prepare_delete,
};
