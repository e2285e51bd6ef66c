/* SPDX-License-Identifier: MIT */
/*
 * The payload's environment: nothing, but for what the policy sets or keeps. What a caller
 * carries about in variables (credentials, paths, options of the dynamic linker) is not for
 * programs that he does not trust.
 */
#include "runner/runner.h"

#include <string.h>

/* Does NAME (of LEN bytes) fit RULE's name, which may end in '*'? */
static bool fits(const struct env_rule *rule, const char *name, size_t len)
{
	size_t n = strlen(rule->name);

	if (n && rule->name[n - 1] == '*')
		return len >= n - 1 && strncmp(rule->name, name, n - 1) == 0;
	return len == n && strncmp(rule->name, name, n) == 0;
}

/* The rule for NAME: the last that fits decides; NULL is "unset". */
static const struct env_rule *rule_for(const struct spec *spec, const char *name, size_t len)
{
	const struct env_rule *found = NULL;

	for (unsigned int i = 0; i < spec->nenv; i++) {
		if (fits(&spec->env[i], name, len))
			found = &spec->env[i];
	}
	return found && found->kind != ENV_UNSET ? found : NULL;
}

char **environment_make(const struct spec *spec, char **from)
{
	size_t n = 0, count = spec->nenv + 1;
	char **envp;

	for (char **e = from; *e; e++)
		count++;
	envp = xalloc(spec->arena, count * sizeof(char *));
	for (char **e = from; *e; e++) {
		size_t len = strcspn(*e, "=");
		const struct env_rule *rule = (*e)[len] ? rule_for(spec, *e, len) : NULL;

		if (rule && rule->kind == ENV_KEEP)
			envp[n++] = *e;
	}
	for (unsigned int i = 0; i < spec->nenv; i++) {
		const struct env_rule *rule = &spec->env[i];

		if (rule->kind == ENV_SET && rule_for(spec, rule->name, strlen(rule->name)) == rule)
			envp[n++] = xprintf(spec->arena, "%s=%s", rule->name, rule->value);
	}
	return envp;
}
