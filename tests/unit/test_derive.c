/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_derive.c tests the configurations of images that are made from others. */
#include "registry/derive.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char BASE[] = "{\"architecture\":\"arm\",\"odd\":[1],\"config\":{\"Cmd\":[\"sh\"],\"Env\":[\"A=1\"],\"WorkingDir\":\"/w\"}}";

/* Whether the new configuration holds the text after the change; NULL: the change is refused. */
static void expect(const char *instruction, const char *text)
{
	struct derive derive;
	struct err err = { 0 };
	assert_int_equal(derive_read(BASE, strlen(BASE), &derive, &err), 0);
	int r = derive_change(&derive, instruction, &err);
	assert_int_equal(r < 0, !text);
	assert_int_equal(r, err.code);
	if (text) {
		char *written = derive_write(&derive, &(struct derive_step){ .created = 0 });
		if (!strstr(written, text))
			fail_msg("%s: no %s in %s", instruction, text, written);
		free(written);
	}
	derive_done(&derive);
}

static void changes_are_made(void **state)
{
	(void)state;
	expect("CMD [\"a\", \"b\"]", "\"Cmd\":[\"a\",\"b\"]");
	expect("cmd a b", "\"Cmd\":[\"/bin/sh\",\"-c\",\"a b\"]");
	expect("CMD=/bin/x", "\"Cmd\":[\"/bin/sh\",\"-c\",\"/bin/x\"]");
	expect("ENV A=2 B='x y' C=a\\ b", "\"Env\":[\"A=2\",\"B=x y\",\"C=a b\"]");
	expect("ENV=D=1", "\"Env\":[\"A=1\",\"D=1\"]");
	expect("ENV D some words", "\"D=some words\"");
	expect("ENV AA=2", "\"Env\":[\"A=1\",\"AA=2\"]");
	expect("LABEL a=b \"c d\"=e", "\"Labels\":{\"a\":\"b\",\"c d\":\"e\"}");
	expect("WORKDIR sub", "\"WorkingDir\":\"/w/sub\"");
	expect("WORKDIR /other", "\"WorkingDir\":\"/other\"");
	expect("VOLUME [\"/a b\"]", "\"Volumes\":{\"/a b\":{}}");
	expect("VOLUME /a /b", "\"Volumes\":{\"/a\":{},\"/b\":{}}");
	expect("EXPOSE 80/tcp 53/udp", "\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}}");
	expect("HEALTHCHECK NONE", "\"Healthcheck\":{\"Test\":[\"NONE\"]}");
	expect("HEALTHCHECK --timeout=1.5s CMD [\"x\"]", "\"Healthcheck\":{\"Timeout\":1500000000,\"Test\":[\"CMD\",\"x\"]}");
}

static void nonsense_is_refused(void **state)
{
	static const char *const wrong[] = { "", "RUN x", "CMD", "ENV", "ENV A", "ENV A=1 B", "ENV =1", "ENV A=\"1", "EXPOSE 0", "EXPOSE 70000",
		"EXPOSE 80/sctp", "EXPOSE x", "VOLUME rel", "USER", "USER a b", "STOPSIGNAL \xff", "HEALTHCHECK", "HEALTHCHECK CMD ",
		"HEALTHCHECK --interval=x CMD y", "HEALTHCHECK --nonsense CMD y", "CMD \xff" };
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		expect(wrong[i], NULL);
}

static void an_entrypoint_forgets_the_command(void **state)
{
	struct derive derive;
	struct err err = { 0 };
	(void)state;
	expect("ENTRYPOINT [\"e\"]", "\"config\":{\"Env\":[\"A=1\"],\"WorkingDir\":\"/w\",\"Entrypoint\":[\"e\"]}");
	assert_int_equal(derive_read(BASE, strlen(BASE), &derive, &err), 0);
	assert_int_equal(derive_change(&derive, "CMD [\"c\"]", &err), 0);
	assert_int_equal(derive_change(&derive, "ENTRYPOINT [\"e\"]", &err), 0);
	char *text = derive_write(&derive, &(struct derive_step){ .created = 0 });
	assert_non_null(strstr(text, "\"Cmd\":[\"c\"]"));
	free(text);
	derive_done(&derive);
}

static void history_and_layers_grow(void **state)
{
	struct derive derive;
	struct err err = { 0 };
	struct digest digest;
	(void)state;
	assert_true(digest_parse("sha256:0123456789012345678901234567890123456789012345678901234567890123", &digest));
	assert_int_equal(derive_read(BASE, strlen(BASE), &derive, &err), 0);
	char *text = derive_write(&derive, &(struct derive_step){ 86400, "made", "me", "why", &digest });
	assert_non_null(strstr(text, "\"odd\":[1]"));
	assert_non_null(strstr(text, "\"architecture\":\"arm\""));
	assert_non_null(strstr(text, "\"history\":[{\"created\":\"1970-01-02T00:00:00Z\",\"created_by\":\"made\",\"author\":\"me\",\"comment\":\"why\"}]"));
	assert_non_null(strstr(text, "\"diff_ids\":[\"sha256:0123"));
	free(text);
	derive_done(&derive);
	assert_int_equal(derive_read("[]", 2, &derive, &err), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_are_made),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(an_entrypoint_forgets_the_command),
		cmocka_unit_test(history_and_layers_grow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
