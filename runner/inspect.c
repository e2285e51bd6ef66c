/* SPDX-License-Identifier: MIT */
/*
 * --status PID: what is round a process that runs, read from /proc as it is now.
 *
 * The pid may be that of the supervisor, of PID 1 inside, or of a process inside. PID
 * namespaces tell them apart: the supervisor is in ours, and its child that is PID 1 of another
 * is init; a process that is in another has an init above it. What is judged is the process
 * that was named, or the payload, which is the first child that init had.
 */
#include "runner/inspect.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define FILE_MAX (1u << 20)

char *inspect_read(const struct target *t, pid_t pid, const char *name)
{
	size_t len;
	char path[64], *text;
	int fd;

	snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	fd = openat(t->proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	text = read_all(t->arena, fd, FILE_MAX, &len);
	close(fd);
	return text;
}

const char *inspect_stat(const struct target *t, pid_t pid)
{
	const char *text = inspect_read(t, pid, "stat");

	return text ? strrchr(text, ')') : NULL;
}

const char *inspect_field(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, "\t ");
	}
	return "";
}

/* ---- who is who ---- */

/* How a process is known in its own PID namespace, and how many namespaces that is below ours. */
struct who {
	pid_t parent;
	long inner;
	unsigned int depth;
};

static bool find_out(const struct target *t, pid_t pid, struct who *who)
{
	const char *text = inspect_read(t, pid, "status");
	const char *ids = inspect_field(text, "NSpid");

	*who = (struct who){ .parent = (pid_t)strtol(inspect_field(text, "PPid"), NULL, 10) };
	if (!text || !*ids)
		return false;
	while (isdigit((unsigned char)*ids)) {
		char *end;

		who->inner = strtol(ids, &end, 10);
		who->depth++;
		ids = end + strspn(end, "\t ");
	}
	who->depth--;
	return true;
}

/* The child of PARENT that is DEPTH namespaces below us and has the least pid there; or 0. */
static pid_t first_child(const struct target *t, pid_t parent, unsigned int depth)
{
	int fd = openat(t->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	long least = 0;
	pid_t found = 0;

	while (dir && (entry = readdir(dir))) {
		size_t used = t->arena->used;
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		struct who who;

		if (pid > 0 && find_out(t, pid, &who) && who.parent == parent &&
		    who.depth == depth && (!found || who.inner < least)) {
			found = pid;
			least = who.inner;
		}
		t->arena->used = used;
	}
	if (dir)
		closedir(dir);
	return found;
}

static void find_processes(struct target *t, pid_t pid)
{
	struct who who, above;

	if (!find_out(t, pid, &who))
		fail("status: %d: there is no such process", (int)pid);
	t->process = pid;
	t->init = who.inner == 1 && who.depth ? pid : 0;
	if (who.depth == 0) {
		t->init = first_child(t, pid, 1);
		if (!t->init || !find_out(t, t->init, &who) || who.inner != 1)
			fail("status: %d: is in no sandbox: its PID namespace is ours, and it "
			     "has no child in another",
			     (int)pid);
	}
	for (above = who; !t->init; t->init = above.inner == 1 ? pid : 0) {
		pid = above.parent;
		if (pid <= 0 || !find_out(t, pid, &above) || above.depth < who.depth)
			fail("status: %d: its PID 1 cannot be found", (int)t->process);
	}
	if (!find_out(t, t->init, &above))
		fail("status: %d: it has ended", (int)t->init);
	t->supervisor = above.parent;
	if (who.inner == 1) {
		pid = first_child(t, t->init, above.depth);
		t->process = pid ? pid : t->init; /* the PID 1 of others may be all there is */
	}
}

/* A pid can be used again; the time when its process began, in the 20th field behind the name. */
static char *start_time(const struct target *t)
{
	const char *name_end = inspect_stat(t, t->process);
	char time[32] = "";

	if (!name_end ||
	    sscanf(name_end,
		   ") %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%31s",
		   time) != 1)
		fail("status: %d: it has ended", (int)t->process);
	return xprintf(t->arena, "%s", time);
}

/* ---- telling ---- */

static const char *const state_words[] = {
	[WALL_YES] = "yes",
	[WALL_NO] = "no",
	[WALL_MISSING] = "MISSING",
	[WALL_UNKNOWN] = "unknown",
};

struct finding {
	enum wall_state state;
	const char *evidence;
};

static const char *attr_words(const struct target *t, const struct ns_mount *mount)
{
	return xprintf(t->arena, "%s%s%s%s", mount->attr & MOUNT_ATTR_RDONLY ? "ro" : "WRITABLE",
		       mount->attr & MOUNT_ATTR_NOSUID ? " nosuid" : " SUID",
		       mount->attr & MOUNT_ATTR_NODEV ? " nodev" : " DEV",
		       mount->attr & MOUNT_ATTR_NOEXEC ? " noexec" : "");
}

static int print_mount(void *ctx, const struct ns_mount *mount)
{
	const struct target *t = ctx;
	const char *path = escaped(t->arena, mount->path);
	int column = printf("    %-28s ", attr_words(t, mount));

	print_wrapped(column, 33, path);
	return 0;
}

static void print_page(struct target *t, const struct finding *found, unsigned int missing)
{
	char *command = inspect_read(t, t->process, "comm");

	if (command)
		command[strcspn(command, "\n")] = '\0';
	printf("Process %d, %s; PID 1 of its sandbox is %d, sbrun %d\n\n", (int)t->process,
	       command ? escaped(t->arena, command) : "?", (int)t->init, (int)t->supervisor);
	for (unsigned int i = 0; inspect_walls[i].name; i++)
		print_wrapped(printf("  %-17s %-9s", inspect_walls[i].name,
				     state_words[found[i].state]),
			      29, found[i].evidence);
	puts("\nMounts:");
	ns_mounts_each(t->proc, t->process, print_mount, t);
	if (missing)
		printf("\n%u of what every sandbox of sbrun has %s MISSING.\n", missing,
		       missing == 1 ? "is" : "are");
	else
		puts("\nAll is there that every sandbox of sbrun has.");
}

static int add_mount(void *ctx, const struct ns_mount *mount)
{
	json_t *object = json_pack("{s:s%,s:b,s:b,s:b,s:b}", "path", mount->path,
				   strlen(mount->path), "read-only",
				   !!(mount->attr & MOUNT_ATTR_RDONLY), "nosuid",
				   !!(mount->attr & MOUNT_ATTR_NOSUID), "nodev",
				   !!(mount->attr & MOUNT_ATTR_NODEV), "noexec",
				   !!(mount->attr & MOUNT_ATTR_NOEXEC));

	/* A path that is not UTF-8 cannot be said in JSON, and its mount counts all the same. */
	return json_array_append_new(ctx, object ? object : json_null());
}

static void print_json(struct target *t, const struct finding *found, unsigned int missing)
{
	static const char *const words[] = { "yes", "no", "missing", "unknown" };
	json_t *walls = json_array(), *mounts = json_array(), *all;
	char *text;

	for (unsigned int i = 0; inspect_walls[i].name; i++)
		json_array_append_new(
			walls, json_pack("{s:s,s:s,s:s}", "wall", inspect_walls[i].name, "state",
					 words[found[i].state], "evidence", found[i].evidence));
	ns_mounts_each(t->proc, t->process, add_mount, mounts);
	all = json_pack("{s:i,s:i,s:i,s:i,s:o,s:o}", "process", (int)t->process, "init",
			(int)t->init, "supervisor", (int)t->supervisor, "missing", (int)missing,
			"walls", walls, "mounts", mounts);
	text = all ? json_dumps(all, JSON_INDENT(4)) : NULL;
	if (!text)
		fail("status: cannot make JSON of it");
	puts(text);
	free(text);
	json_decref(all);
}

void inspect_target(struct target *t, pid_t pid)
{
	int err;

	t->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (t->proc < 0)
		fail("status: open /proc: %s", strerror(errno));
	find_processes(t, pid);
	err = ns_inodes(t->proc, 0, t->ours);
	if (!err)
		err = ns_inodes(t->proc, t->process, t->its);
	if (err)
		fail("status: %d: cannot look at it: %s%s", (int)t->process, strerror(-err),
		     err == -EACCES || err == -EPERM ?
			     "\ncause: only root, and the user who runs a sandbox, may" :
			     "");
}

int inspect(const struct spec *spec)
{
	struct target t = { .arena = spec->arena };
	struct finding found[32] = { 0 };
	unsigned int missing = 0;
	const char *began;

	inspect_target(&t, spec->inspected);
	began = start_time(&t);
	for (unsigned int i = 0; inspect_walls[i].name; i++) {
		const struct wall *wall = &inspect_walls[i];

		found[i].state = wall->look(&t, wall->arg, &found[i].evidence);
		missing += found[i].state == WALL_MISSING;
	}
	if (strcmp(start_time(&t), began) != 0)
		fail("status: %d: it ended while it was looked at", (int)t.process);
	if (spec->json)
		print_json(&t, found, missing);
	else
		print_page(&t, found, missing);
	return missing ? 1 : 0;
}
