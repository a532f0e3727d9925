/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine.c owns the memory of struct spec_engine. */
#include "src/plan/engine.h"

static void map_done(struct engine_map *map)
{
	free(map->uids);
	free(map->gids);
}

static void mounts_done(struct spec_engine *engine)
{
	for (size_t i = 0; i < engine->mount_count; i++) {
		struct engine_mount *m = &engine->mounts[i];
		free(m->type);
		free(m->source);
		free(m->target);
		strv_done(&m->data);
		map_done(&m->map);
	}
	free(engine->mounts);
}

static void hooks_done(struct engine_hooks *hooks)
{
	for (size_t i = 0; i < hooks->count; i++) {
		free(hooks->items[i].path);
		strv_done(&hooks->items[i].args);
		strv_done(&hooks->items[i].env);
	}
	free(hooks->items);
}

void engine_resources_done(struct spec_engine *engine)
{
	for (size_t i = 0; i < engine->setting_count; i++) {
		struct engine_setting *s = &engine->settings[i];
		free(s->v1_file);
		free(s->v1_value);
		free(s->v2_file);
		free(s->v2_value);
	}
	free(engine->settings);
	free(engine->rules);
	engine->settings = NULL;
	engine->rules = NULL;
	engine->setting_count = engine->rule_count = 0;
}

void engine_user_done(struct engine_user *user)
{
	free(user->groups);
	*user = (struct engine_user){ 0 };
}

void spec_engine_done(struct spec_engine *engine)
{
	if (!engine)
		return;
	mounts_done(engine);
	engine_resources_done(engine);
	for (size_t i = 0; i < engine->node_count; i++)
		free(engine->nodes[i].path);
	for (size_t i = 0; i < engine->link_count; i++) {
		free(engine->links[i].host);
		free(engine->links[i].name);
	}
	for (int i = 0; i < HOOK_KINDS; i++)
		hooks_done(&engine->hooks[i]);
	map_done(&engine->map);
	engine_user_done(&engine->user);
	strv_done(&engine->warnings);
	strv_done(&engine->annotations);
	free(engine->nodes);
	free(engine->links);
	free(engine->rootfs);
	free(engine->cgroup);
	free(engine->domainname);
	free(engine->listener);
	free(engine->listener_metadata);
	free(engine);
}
