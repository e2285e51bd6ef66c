/* SPDX-License-Identifier: MIT */
/*
 * What the worker may say, and in which order; read without trust, byte by byte.
 *
 * One pipe, one way, frames of a head and a body. A pipe carries no descriptors, and a byte that
 * was read is the broker's own: whatever the worker does with its pages afterwards (vmsplice(2)
 * puts pages, not copies, into a pipe), it is this copy that is judged and written. So nothing
 * is ever looked at in the pipe, or read twice.
 *
 * A frame's head is judged before its body is taken, so nothing that is too long is stored.
 */
#include "syslogparse/broker.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- the broker's side ---- */

int reply_open(struct reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	reply->text = mmap(NULL, TEXT_MAX, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return reply->text == MAP_FAILED ? -errno : 0;
}

void reply_close(struct reply *reply)
{
	munmap(reply->text, TEXT_MAX);
}

/* May a frame of this head come now? */
static int check_head(const struct reply *reply)
{
	uint32_t len = reply->head.len;

	if (reply->last == FRAME_END || reply->last == FRAME_FAILED)
		return -EPROTO;
	switch (reply->head.type) {
	case FRAME_LAYERS:
		return reply->last == 0 && len == sizeof(reply->layers) ? 0 : -EPROTO;
	case FRAME_TEXT:
		if (reply->last == 0 || len == 0 || len > FRAME_MAX)
			return -EPROTO;
		return len > TEXT_MAX - reply->len ? -EFBIG : 0;
	case FRAME_END:
		return reply->last != 0 && len == sizeof(reply->end) ? 0 : -EPROTO;
	case FRAME_FAILED:
		return len == sizeof(reply->failed) ? 0 : -EPROTO;
	default:
		return -EPROTO;
	}
}

static bool is_printable(const char *text, size_t size)
{
	const char *end = memchr(text, '\0', size);

	for (const char *p = text; end && p < end; p++) {
		if (*p < 0x20 || *p > 0x7e)
			return false;
	}
	return end != NULL;
}

static int take_layers(struct reply *reply)
{
	memcpy(reply->layers, reply->body, sizeof(reply->layers));
	for (unsigned int i = 0; i < LAYERS; i++) {
		const struct layer_state *state = &reply->layers[i];

		if (state->error > 0 || state->error < -4095 ||
		    !is_printable(state->text, sizeof(state->text)))
			return -EPROTO;
	}
	return 0;
}

static int take_failed(struct reply *reply)
{
	const struct frame_failed *failed = &reply->failed;

	memcpy(&reply->failed, reply->body, sizeof(reply->failed));
	if (failed->stage >= STAGES || failed->error <= 0 || failed->error > 4095)
		return -EPROTO;
	if (failed->stage == STAGE_CONFINE)
		return failed->at < LAYERS ? 0 : -EPROTO;
	return failed->at < FILES_MAX ? 0 : -EPROTO;
}

/* The body of a frame is whole. */
static int take_frame(struct reply *reply)
{
	reply->last = reply->head.type;
	reply->have = 0;
	switch (reply->head.type) {
	case FRAME_LAYERS:
		return take_layers(reply);
	case FRAME_END:
		memcpy(&reply->end, reply->body, sizeof(reply->end));
		return reply->end.text == reply->len ? 0 : -EPROTO;
	case FRAME_FAILED:
		return take_failed(reply);
	default:
		return 0;
	}
}

/* Copy what is there of the WANTED bytes; true when there are as many. */
static bool gather(struct reply *reply, void *to, size_t wanted, const unsigned char **data,
		   size_t *len)
{
	size_t n = wanted < *len ? wanted : *len;

	memcpy(to, *data, n);
	*data += n;
	*len -= n;
	reply->have += n;
	return n == wanted;
}

static bool gather_body(struct reply *reply, const unsigned char **data, size_t *len)
{
	size_t in_body = reply->have - sizeof(reply->head);
	size_t wanted = reply->head.len - in_body;
	size_t before = *len;
	bool whole;

	if (reply->head.type != FRAME_TEXT)
		return gather(reply, reply->body + in_body, wanted, data, len);
	whole = gather(reply, reply->text + reply->len, wanted, data, len);
	reply->len += before - *len;
	return whole;
}

int reply_add(struct reply *reply, const unsigned char *data, size_t len)
{
	int error;

	while (len > 0) {
		if (reply->have < sizeof(reply->head)) {
			unsigned char *head = (unsigned char *)&reply->head;

			if (!gather(reply, head + reply->have, sizeof(reply->head) - reply->have,
				    &data, &len))
				return 0;
			error = check_head(reply);
			if (error)
				return error;
			continue;
		}
		if (!gather_body(reply, &data, &len))
			return 0;
		error = take_frame(reply);
		if (error)
			return error;
	}
	return 0;
}

bool reply_complete(const struct reply *reply)
{
	return reply->have == 0 && (reply->last == FRAME_END || reply->last == FRAME_FAILED);
}

/* ---- the worker's side ---- */

int frame_send(int fd, enum frame_type type, const void *data, size_t len)
{
	struct frame_head head = { .type = type, .len = (uint32_t)len };
	int error = write_all(fd, (const char *)&head, sizeof(head));

	return error ? error : write_all(fd, data, len);
}

static ssize_t stream_write(void *cookie, const char *text, size_t len)
{
	uint64_t *sent = cookie;
	size_t done = 0;

	while (done < len) {
		size_t n = len - done < FRAME_MAX ? len - done : FRAME_MAX;
		int error = frame_send(STDOUT_FILENO, FRAME_TEXT, text + done, n);

		if (error) {
			errno = -error;
			return 0; /* fopencookie(3): 0 is the error */
		}
		done += n;
	}
	*sent += len;
	return (ssize_t)len;
}

/* One buffer a frame: the head costs little then. */
FILE *frame_stream(uint64_t *sent)
{
	static char buffer[FRAME_MAX];
	const cookie_io_functions_t functions = { .write = stream_write };
	FILE *out = fopencookie(sent, "w", functions);

	if (out)
		setvbuf(out, buffer, _IOFBF, sizeof(buffer));
	return out;
}
