/* SPDX-License-Identifier: MIT */
/*
 * From the directives of the file tree to operations: words become paths, modes and sizes.
 *
 * "perms", "size" and "overlay-src" say something of the operation behind them, as they do in
 * bubblewrap. They are settings of their own, but stay with that one: if it is replaced, so
 * are they (settings.c).
 */
#include "runner/files.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* A tmpfs whose size nobody gave: the kernel's own default is half of the memory. */
#define TMPFS_SIZE   (64u << 20)
#define TMPFS_INODES 65536u

static int bad_destination(const char *path)
{
	size_t len = strlen(path);

	return path[0] != '/' || len > NS_PATH_MAX || strstr(path, "/../") ||
	       (len >= 3 && strcmp(path + len - 3, "/..") == 0);
}

/* Room for one more: twice as much whenever it is full. */
static void grow(struct spec *spec)
{
	unsigned int room = spec->nops ? 2 * spec->nops : 64;
	struct bpf_place *places;
	struct ns_op *ops;

	if (spec->nops < spec->ops_room)
		return;
	ops = xalloc(spec->arena, room * sizeof(*ops));
	places = xalloc(spec->arena, room * sizeof(*places));
	if (spec->nops) {
		memcpy(ops, spec->ops, spec->nops * sizeof(*ops));
		memcpy(places, spec->op_places, spec->nops * sizeof(*places));
	}
	spec->ops = ops;
	spec->op_places = places;
	spec->ops_room = room;
}

static bool has_mode(const struct ns_op *op)
{
	return op->kind == NS_OP_TMPFS || op->kind == NS_OP_DIR || op->kind == NS_OP_FILE ||
	       op->kind == NS_OP_DATA;
}

static bool has_size(const struct ns_op *op)
{
	if (op->kind == NS_OP_OVERLAY)
		return !(op->flags & (NS_UPPER | NS_RDONLY));
	return op->kind == NS_OP_TMPFS || op->kind == NS_OP_DEV;
}

static int take_prefix(struct ns_op *op, const struct setting *prefix, struct bpf_error *err)
{
	const char *word = prefix->words[0];
	bool fits = false, good = false;

	switch ((enum prefix)prefix->row->arg) {
	case PREFIX_MODE:
		fits = has_mode(op);
		good = parse_mode(word, &op->mode) == 0;
		break;
	case PREFIX_SIZE:
		fits = has_size(op);
		good = parse_size(word, &op->size) == 0 && op->size;
		break;
	case PREFIX_LAYER:
		fits = op->kind == NS_OP_OVERLAY;
		good = fits && op->nlayers < NS_LAYERS_MAX - 2;
		if (good)
			op->layers[op->nlayers++] = (struct ns_layer){ .path = word, .fd = -1 };
		break;
	}
	if (!fits)
		return complain(prefix, err, "says nothing of the operation behind it", op->dest);
	return good ? 0 : complain(prefix, err, "no such value, or too many", word);
}

/* A new operation LIKE this, with the defaults, and with its prefixes. */
static struct ns_op *add_op(struct spec *spec, const struct setting *set, const struct ns_op *like,
			    struct bpf_error *err)
{
	struct ns_op *op;

	if (spec->nops == NS_TREE_MAX) {
		bpf_fail(err, -E2BIG, &set->place, "more than %d file operations", NS_TREE_MAX);
		return NULL;
	}
	if (bad_destination(like->dest)) {
		complain(set, err, "the destination must be an absolute path without '..'",
			 like->dest);
		return NULL;
	}
	grow(spec);
	op = &spec->ops[spec->nops];
	*op = *like;
	op->source_fd = -1;
	op->number = spec->nops;
	op->mode = op->kind == NS_OP_FILE || op->kind == NS_OP_DATA ? 0644 : 0755;
	op->size = TMPFS_SIZE;
	op->inodes = TMPFS_INODES;
	if (set->try_form)
		op->flags |= NS_TRY;
	if (op->kind == NS_OP_OVERLAY)
		op->layers = xalloc(spec->arena, NS_LAYERS_MAX * sizeof(*op->layers));
	for (const struct setting *prefix = set->prefixes; prefix && prefix != set;
	     prefix = prefix->next) {
		if (take_prefix(op, prefix, err))
			return NULL;
	}
	spec->op_places[spec->nops++] = set->place;
	return op;
}

/* "size=64M", "mode=1777", "inodes=1000", "subset=pid": the words behind a destination. */
static int op_option(struct ns_op *op, const char *word)
{
	const char *value = strchr(word, '=');

	if (!value)
		return -EINVAL;
	value++;
	if (op->kind == NS_OP_PROC && strcmp(word, "subset=pid") == 0) {
		op->flags |= NS_PIDS;
		return 0;
	}
	if (op->kind == NS_OP_PROC && strcmp(word, "masks=none") == 0) {
		op->flags |= NS_WHOLE;
		return 0;
	}
	if (strncmp(word, "mode=", 5) == 0)
		return has_mode(op) ? parse_mode(value, &op->mode) : -EINVAL;
	if (!has_size(op))
		return -EINVAL;
	if (strncmp(word, "size=", 5) == 0)
		return parse_size(value, &op->size) || !op->size ? -EINVAL : 0;
	if (strncmp(word, "inodes=", 7) == 0)
		return parse_number(value, INT32_MAX, &op->inodes) || !op->inodes ? -EINVAL : 0;
	return -EINVAL;
}

static int op_options(struct ns_op *op, const struct setting *set, unsigned int first,
		      struct bpf_error *err)
{
	for (unsigned int i = first; i < set->nwords; i++) {
		if (op_option(op, set->words[i]))
			return complain(set, err, "no such option, or no such value of it",
					set->words[i]);
	}
	return 0;
}

int apply_prefix(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	(void)spec;
	(void)set;
	(void)err;
	return 0;
}

int apply_bind(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	const struct ns_op like = {
		.kind = NS_OP_BIND,
		.flags = (unsigned int)set->row->arg | (set->nwords > 2 ? NS_IDMAP : 0),
		.source = set->words[0],
		.dest = set->words[set->nwords > 1],
	};

	if (set->nwords > 2 && strcmp(set->words[2], "idmap") != 0)
		return complain(set, err, "a word too many", set->words[2]);
	return add_op(spec, set, &like, err) ? 0 : -EINVAL;
}

static int take_fd(struct ns_op *op, const struct setting *set, struct bpf_error *err)
{
	uint64_t fd;

	if (parse_number(set->words[0], INT_MAX, &fd))
		return complain(set, err, "not a descriptor", set->words[0]);
	op->source_fd = (int)fd; /* looked at by the plan */
	return 0;
}

int apply_bind_fd(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	const struct ns_op like = {
		.kind = NS_OP_BIND,
		.flags = (unsigned int)set->row->arg,
		.dest = set->words[1],
	};
	struct ns_op *op = add_op(spec, set, &like, err);

	return op ? take_fd(op, set, err) : -EINVAL;
}

/* DEST [OPTION=VALUE]...: tmpfs, proc, dev, dir, mqueue, remount-ro. */
int apply_op(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	const struct ns_op like = {
		.kind = (enum ns_op_kind)set->row->arg,
		.dest = set->words[0],
	};
	struct ns_op *op = add_op(spec, set, &like, err);

	return op ? op_options(op, set, 1, err) : -EINVAL;
}

/* RWSRC WORKDIR DEST, or DEST [OPTION=VALUE]... */
int apply_overlay(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	const struct ns_op like = {
		.kind = NS_OP_OVERLAY,
		.flags = (unsigned int)set->row->arg,
		.dest = set->words[set->row->arg == NS_UPPER ? 2 : 0],
	};
	struct ns_op *op = add_op(spec, set, &like, err);

	if (!op)
		return -EINVAL;
	if (op->nlayers < (like.flags == NS_RDONLY ? 2 : 1))
		return complain(set, err,
				like.flags == NS_RDONLY ? "needs two overlay-src before it" :
							  "needs an overlay-src before it",
				like.dest);
	if (like.flags != NS_UPPER)
		return op_options(op, set, 1, err);
	for (unsigned int i = 0; i < 2; i++)
		op->layers[op->nlayers++] = (struct ns_layer){ .path = set->words[i], .fd = -1 };
	return 0;
}

int apply_symlink(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	const struct ns_op like = {
		.kind = NS_OP_SYMLINK,
		.source = set->words[0],
		.dest = set->words[1],
	};

	return add_op(spec, set, &like, err) ? 0 : -EINVAL;
}

/* FD DEST [mode=M]: file, bind-data, ro-bind-data. */
int apply_data(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	const unsigned int flags = (unsigned int)set->row->arg;
	const struct ns_op like = {
		.kind = flags & DATA_MOUNTED ? NS_OP_DATA : NS_OP_FILE,
		.flags = flags & ~DATA_MOUNTED,
		.dest = set->words[1],
	};
	struct ns_op *op = add_op(spec, set, &like, err);

	if (!op || op_options(op, set, 2, err))
		return -EINVAL;
	return take_fd(op, set, err);
}

int apply_chmod(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	const struct ns_op like = { .kind = NS_OP_CHMOD, .dest = set->words[1] };
	struct ns_op *op = add_op(spec, set, &like, err);

	if (!op)
		return -EINVAL;
	if (parse_mode(set->words[0], &op->mode))
		return complain(set, err, "not an octal mode", set->words[0]);
	return 0;
}

int apply_mask(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	for (unsigned int i = 0; i < set->nwords; i++) {
		const struct ns_op like = { .kind = NS_OP_MASK, .dest = set->words[i] };

		if (!add_op(spec, set, &like, err))
			return -EINVAL;
	}
	return 0;
}

/* Two files whose text the plan makes, once it knows the ids and the network. */
int apply_accounts(struct spec *spec, const struct setting *set, struct bpf_error *err)
{
	static const char *const names[][2] = { { "passwd", "group" }, { "resolv.conf", "hosts" } };

	for (unsigned int i = 0; i < 2; i++) {
		const char *name = names[set->row->arg][i];
		const struct ns_op like = {
			.kind = NS_OP_FILE,
			.source = name,
			.dest = xprintf(spec->arena, "%s/%s", set->words[0], name),
		};
		struct ns_op *op = add_op(spec, set, &like, err);

		if (!op)
			return -EINVAL;
		op->mode = 0444;
	}
	return 0;
}
