#include "ephemeral.h"

#include "block.h"
#include "error.h"
#include "platform.h"
#include "ring.h"
#include "walloc.h"

enum { HEADER_BYTES = 16, TEXT_BYTES_MIN = 496, BLOB_BYTES_MIN = 4096, PATIENCE = 64 };

typedef struct { uint32_t length, epoch, zero[2]; } header;
typedef struct {
    unsigned char *bytes; /* a block: header, payload */
    uint32_t capacity;    /* of the payload */
    uint32_t small_uses;  /* results in a row that needed less than a quarter */
} arena;
typedef struct {
    _Alignas(16) unsigned char small[HEADER_BYTES + LW_SMALL_BYTES];
    _Alignas(16) unsigned char first_text[HEADER_BYTES + TEXT_BYTES_MIN]; /* an error's text needs no allocation */
    arena blob, text;
    uint32_t epoch;
} context_arenas;

static context_arenas contexts[LW_CONTEXTS];

static context_arenas *context_at(uint32_t context) {
    if (context < LW_CONTEXTS) return &contexts[context];
    lw_fail(LW_E_BAD_ARGUMENT, "context, its number", context, LW_CONTEXTS - 1);
    return NULL;
}

static void *begin(context_arenas *own, unsigned char *bytes, uint32_t size_bytes) {
    own->epoch++;
    header *head = (header *)bytes;
    *head = (header){.length = size_bytes};
#ifdef LW_DEBUG
    head->epoch = own->epoch;
#endif
    return bytes + HEADER_BYTES;
}

/* Replaces an arena's block; the old one goes first, because its payload has ended. */
static bool resize(arena *own, uint32_t capacity) {
    lw_block_free(own->bytes);
    own->bytes = lw_block_alloc(LW_REGION_SCRATCH, capacity + HEADER_BYTES);
    own->capacity = own->bytes ? capacity : 0;
    own->small_uses = 0;
    return own->bytes != NULL;
}

static bool ensure(arena *own, uint32_t size_bytes, uint32_t least, uint32_t most, const char *what) {
    if (size_bytes > most) return lw_fail(LW_E_TOO_LARGE, what, size_bytes, most);
    own->small_uses = size_bytes < own->capacity / 4 ? own->small_uses + 1 : 0;
    if (own->small_uses >= PATIENCE && own->capacity / 2 >= least) return resize(own, own->capacity / 2);
    if (size_bytes <= own->capacity) return true;
    uint32_t capacity = LW_MAX(own->capacity, least);
    while (capacity < size_bytes) capacity = capacity > most / 2 ? most : capacity * 2;
    return resize(own, capacity) || resize(own, size_bytes); /* no room for the double: what is asked for may fit */
}

void *lw_blob(uint32_t context, uint32_t size_bytes) {
    context_arenas *own = context_at(context);
    if (own == NULL) return NULL;
    if (size_bytes <= LW_SMALL_BYTES) return begin(own, own->small, size_bytes);
    if (!ensure(&own->blob, size_bytes, BLOB_BYTES_MIN, LW_BLOB_BYTES_MAX, "result: bytes of a blob")) return NULL;
    return begin(own, own->blob.bytes, size_bytes);
}

char *lw_text(uint32_t context, uint32_t size_bytes) {
    context_arenas *own = context_at(context);
    if (own == NULL) return NULL;
    if (size_bytes <= TEXT_BYTES_MIN) return begin(own, own->first_text, size_bytes);
    if (!ensure(&own->text, size_bytes, BLOB_BYTES_MIN, LW_TEXT_BYTES_MAX, "result: bytes of a text")) return NULL;
    return begin(own, own->text.bytes, size_bytes);
}

void lw_shorten(void *payload, uint32_t size_bytes) {
    header *head = (header *)((unsigned char *)payload - HEADER_BYTES);
    LW_CHECK(size_bytes <= head->length);
    head->length = size_bytes;
}

uint32_t lw_context_end(uint32_t context) {
    context_arenas *own = context_at(context);
    if (own == NULL) return 0;
    lw_block_free(own->blob.bytes);
    lw_block_free(own->text.bytes);
    own->blob = own->text = (arena){0};
    return 1;
}

/* -- exports ------------------------------------------------------------------------------------------------- */

static uint32_t put_text(char *to, uint32_t at, uint32_t end, const char *from) {
    while (*from && at < end) to[at++] = *from++;
    return at;
}

static uint32_t put_number(char *to, uint32_t at, uint32_t end, uint64_t value) {
    char digits[21];
    uint32_t first = 20;
    digits[20] = 0;
    do digits[--first] = (char)('0' + value % 10);
    while (value /= 10);
    return put_text(to, at, end, digits + first);
}

const char *lw_error_text(uint32_t context) {
    const lw_error *error = lw_last_error();
    char *text = lw_text(context, TEXT_BYTES_MIN);
    if (text == NULL) return NULL;
    uint32_t at = put_text(text, 0, TEXT_BYTES_MIN, error->code ? error->what : "nothing failed");
    if (error->code) {
        at = put_text(text, at, TEXT_BYTES_MIN, " ");
        at = put_number(text, at, TEXT_BYTES_MIN, error->value);
        at = put_text(text, at, TEXT_BYTES_MIN, ", the limit is ");
        at = put_number(text, at, TEXT_BYTES_MIN, error->limit);
    }
    lw_shorten(text, at);
    return text;
}

const void *lw_statistics(uint32_t context) {
    void *out = lw_blob(context, sizeof(lw_memory_statistics));
    if (out) lw_memory_statistics_write(out);
    return out;
}

const void *lw_ring_statistics(uint32_t context) {
    void *out = lw_blob(context, sizeof(lw_ring_figures));
    if (out) lw_ring_figures_write(out);
    return out;
}

const void *lw_copy_of(uint32_t context, const void *source, uint32_t size_bytes) {
    void *out = lw_blob(context, size_bytes);
    if (out) lw_copy(out, source, size_bytes);
    return out;
}

uint32_t lw_result_room(uint32_t context, uint32_t size_bytes) {
    return (uint32_t)(uintptr_t)lw_blob(context, size_bytes);
}
