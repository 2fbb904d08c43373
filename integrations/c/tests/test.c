/* The interface of the library as a C program sees it; also compiled as C++. Arguments: recorded streams. */
#undef NDEBUG
#include "ssewire.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

static int is(const char *text, ssewire_span span, const char *expected) {
    return span.len == strlen(expected) && memcmp(text + span.offset, expected, span.len) == 0;
}

static void events_have_type_data_id_and_time(void) {
    const char *input = "id: 7\nevent: e\nretry: 20\ndata: a\n\ndata: b\n\ndata: cut";
    ssewire_decoder *decoder = ssewire_decoder_new(NULL);
    ssewire_event_batch batch;
    size_t consumed;
    assert(ssewire_decoder_push(decoder, bytes(input), strlen(input), &consumed, &batch) == SSEWIRE_STATUS_OK);
    assert(consumed == strlen(input) && batch.record_count == 2);
    assert(batch.records[0].kind == SSEWIRE_EVENT_KIND_EVENT);
    const ssewire_event_record *record = &batch.records[0];
    assert(record->is_event_type_in_input && is(input, record->event_type, "e"));
    assert(record->is_data_in_input && is(input, record->data, "a"));
    assert(batch.records[0].has_retry && batch.records[0].retry_ms == 20 && !batch.records[1].has_retry);
    assert(!batch.records[1].is_event_type_in_input && is(batch.text, batch.records[1].event_type, "message"));
    assert(is(batch.text, batch.records[1].last_event_id, "7"));

    const char *id;
    size_t len;
    bool has_retry;
    uint64_t number;
    assert(ssewire_decoder_last_event_id(decoder, &id, &len) == SSEWIRE_STATUS_OK && len == 1 && *id == '7');
    assert(ssewire_decoder_retry(decoder, &has_retry, &number) == SSEWIRE_STATUS_OK && has_retry && number == 20);
    assert(ssewire_decoder_finish(decoder, &number) == SSEWIRE_STATUS_OK && number == strlen("data: cut"));
    assert(ssewire_decoder_push(decoder, bytes("data: [DONE]"), 12, &consumed, &batch) == SSEWIRE_STATUS_OK);
    assert(ssewire_decoder_finish_event(decoder, &batch) == SSEWIRE_STATUS_OK && batch.record_count == 1);
    assert(!batch.records[0].is_data_in_input && is(batch.text, batch.records[0].data, "[DONE]"));
    assert(ssewire_decoder_set_last_event_id(decoder, "a\nb", 3) == SSEWIRE_STATUS_INVALID_ID);
    assert(ssewire_decoder_set_last_event_id(decoder, "9", 1) == SSEWIRE_STATUS_OK);
    assert(ssewire_decoder_set_last_event_id(decoder, NULL, 0) == SSEWIRE_STATUS_OK);
    assert(ssewire_decoder_last_event_id(decoder, &id, &len) == SSEWIRE_STATUS_OK && len == 0);
    assert(ssewire_decoder_reset(decoder) == SSEWIRE_STATUS_OK);
    ssewire_decoder_free(decoder);
}

static void last_event_id_can_be_a_part_of_itself(void) {
    /* The event type of the unfinished event moves when the ID becomes shorter. */
    const char *input = "id: abcdef\ndata: x\n\nevent: kkkkkkkkkk\n";
    for (size_t from = 0; from < 6; from++)
        for (size_t part = 1; part <= 6 - from; part++) {
            ssewire_decoder *decoder = ssewire_decoder_new(NULL);
            ssewire_event_batch batch;
            const char *id;
            size_t len;
            assert(ssewire_decoder_push(decoder, bytes(input), strlen(input), &len, &batch) == SSEWIRE_STATUS_OK);
            assert(ssewire_decoder_last_event_id(decoder, &id, &len) == SSEWIRE_STATUS_OK && len == 6);
            assert(ssewire_decoder_set_last_event_id(decoder, id + from, part) == SSEWIRE_STATUS_OK);
            assert(ssewire_decoder_last_event_id(decoder, &id, &len) == SSEWIRE_STATUS_OK && len == part);
            assert(memcmp(id, "abcdef" + from, part) == 0);
            ssewire_decoder_free(decoder);
        }
}

static void batch_ends_at_its_largest_number_of_records(void) {
    ssewire_decoder_options options;
    memset(&options, 0, sizeof options);
    options.max_records = 2;
    options.max_event_bytes = 4;
    options.comments = true;
    const char *input = ": c\ndata: too long\n\ndata: x\n\n";
    ssewire_decoder *decoder = ssewire_decoder_new(&options);
    ssewire_event_batch batch;
    size_t used, all = 0, records = 0;
    do {
        const uint8_t *rest = bytes(input) + all;
        assert(ssewire_decoder_push(decoder, rest, strlen(input) - all, &used, &batch) == SSEWIRE_STATUS_OK);
        assert(batch.record_count <= 2);
        if (records == 0) {
            assert(batch.records[0].kind == SSEWIRE_EVENT_KIND_COMMENT);
            assert(batch.records[1].kind == SSEWIRE_EVENT_KIND_LOST);
        }
        records += batch.record_count;
        all += used;
    } while (all < strlen(input));
    assert(records == 3);
    ssewire_decoder_free(decoder);
}

static void records_of_one_event_stay_together(void) {
    /* More content blocks than the default number of records, in one event. */
    enum { blocks = 300 };
    static char input[blocks * 32 + 100];
    strcpy(input, "data: {\"type\":\"message_start\",\"message\":{\"content\":[");
    for (int i = 0; i < blocks; i++) {
        if (i) strcat(input, ",");
        strcat(input, "{\"type\":\"text\",\"text\":\"x\"}");
    }
    strcat(input, "]}}\n\n");
    ssewire_message_decoder *decoder = ssewire_message_decoder_new(NULL);
    ssewire_message_batch batch;
    size_t used;
    assert(ssewire_message_decoder_push(decoder, bytes(input), strlen(input), &used, &batch) == SSEWIRE_STATUS_OK);
    assert(used == strlen(input) && batch.record_count == 1 + blocks);
    for (size_t i = 1; i <= blocks; i++) {
        assert(batch.records[i].index == i - 1);
        assert(is(batch.text, batch.records[i].text, "x"));
    }
    ssewire_message_decoder_free(decoder);
}

static void long_comment_is_truncated(void) {
    ssewire_decoder_options options;
    memset(&options, 0, sizeof options);
    options.comments = true;
    char input[1 + 1025 + 1] = ":";
    memset(input + 1, 'c', 1025);
    ssewire_decoder *decoder = ssewire_decoder_new(&options);
    ssewire_event_batch batch;
    size_t used;
    for (size_t len = 1024; len <= 1025; len++) {
        input[1 + len] = '\n';
        assert(ssewire_decoder_push(decoder, bytes(input), 1 + len + 1, &used, &batch) == SSEWIRE_STATUS_OK);
        assert(batch.record_count == 1 && batch.records[0].kind == SSEWIRE_EVENT_KIND_COMMENT);
        assert(batch.records[0].data.len == 1024 && batch.records[0].is_truncated == (len > 1024));
        input[1 + len] = 'c';
    }
    ssewire_decoder_free(decoder);
}

static char *copy_of(ssewire_status (*read)(ssewire_message_decoder *, char *, size_t, size_t *),
                     ssewire_message_decoder *decoder) {
    size_t len;
    assert(read(decoder, NULL, 0, &len) == SSEWIRE_STATUS_BUFFER_TOO_SMALL);
    char *text = (char *)malloc(len + 1);
    assert(read(decoder, text, len + 1, &len) == SSEWIRE_STATUS_OK && strlen(text) == len);
    return text;
}

/* Checks that a text has a part, or that it has nothing if the part is empty. */
static void has(ssewire_status (*read)(ssewire_message_decoder *, char *, size_t, size_t *),
                ssewire_message_decoder *decoder, const char *part) {
    char *text = copy_of(read, decoder);
    assert(*part ? strstr(text, part) != NULL : *text == 0);
    free(text);
}

static void messages_of_a_body_follow_each_other(void) {
    const char *input = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"a\",\"content\":[]}}\n\n"
                        "data: {\"type\":\"message_start\",\"message\":{\"id\":\"b\",\"content\":[]}}\n\n"
                        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n"
                        "data: {\"type\":\"message_stop\"}\n\n";
    ssewire_message_decoder *decoder = ssewire_message_decoder_new(NULL);
    ssewire_message_batch batch;
    ssewire_completion completion;
    size_t used, rest;
    assert(ssewire_message_decoder_next_message(decoder, NULL) == SSEWIRE_STATUS_INVALID_ARGUMENT);
    assert(ssewire_message_decoder_push(decoder, bytes(input), strlen(input), &used, &batch) == SSEWIRE_STATUS_OK);
    assert(batch.record_count == 2 && batch.records[1].kind == SSEWIRE_MESSAGE_KIND_REPLACED && batch.is_ended);
    assert(ssewire_message_decoder_next_message(decoder, &completion) == SSEWIRE_STATUS_OK);
    assert(completion == SSEWIRE_COMPLETION_TRUNCATED);
    has(ssewire_message_decoder_json, decoder, "\"id\":\"a\"");
    has(ssewire_message_decoder_explain, decoder, "truncated");
    assert(ssewire_message_decoder_push(decoder, bytes(input) + used, strlen(input) - used, &rest, &batch) ==
           SSEWIRE_STATUS_OK);
    has(ssewire_message_decoder_json, decoder, "\"id\":\"b\"");
    assert(batch.records[0].kind == SSEWIRE_MESSAGE_KIND_MESSAGE_START && is(batch.text, batch.records[0].id, "b"));
    assert(used + rest == strlen(input) && batch.is_ended);
    assert(ssewire_message_decoder_next_message(decoder, &completion) == SSEWIRE_STATUS_OK);
    assert(completion == SSEWIRE_COMPLETION_COMPLETE);
    has(ssewire_message_decoder_json, decoder, "\"id\":\"b\"");
    has(ssewire_message_decoder_explain, decoder, "");
    assert(ssewire_message_decoder_completion(decoder, &completion) == SSEWIRE_STATUS_OK);
    assert(completion == SSEWIRE_COMPLETION_COMPLETE);
    assert(ssewire_message_decoder_push_end(decoder, &batch) == SSEWIRE_STATUS_OK && batch.record_count == 0);
    has(ssewire_message_decoder_explain, decoder, "truncated");
    assert(ssewire_message_decoder_finish(decoder, &completion) == SSEWIRE_STATUS_OK);
    assert(ssewire_message_decoder_next_message(decoder, &completion) == SSEWIRE_STATUS_FINISHED);
    ssewire_message_decoder_free(decoder);
}

/* Go rejects a pointer of C that is a small number, also where it has no bytes. */
static bool is_address(const void *pointer) { return (uintptr_t)pointer >= 4096; }

static void empty_results_are_addresses(void) {
    ssewire_decoder *decoder = ssewire_decoder_new(NULL);
    ssewire_message_decoder *message = ssewire_message_decoder_new(NULL);
    ssewire_event_batch batch;
    ssewire_message_batch updates;
    const char *id;
    size_t len;
    assert(ssewire_decoder_push(decoder, NULL, 0, &len, &batch) == SSEWIRE_STATUS_OK);
    assert(batch.record_count == 0 && is_address(batch.records) && (uintptr_t)batch.records % sizeof(uint64_t) == 0);
    assert(is_address(batch.text));
    assert(ssewire_decoder_finish_event(decoder, &batch) == SSEWIRE_STATUS_OK);
    assert(is_address(batch.records) && is_address(batch.text));
    assert(ssewire_decoder_last_event_id(decoder, &id, &len) == SSEWIRE_STATUS_OK && len == 0 && is_address(id));
    assert(ssewire_message_decoder_push(message, NULL, 0, &len, &updates) == SSEWIRE_STATUS_OK);
    assert(updates.record_count == 0 && is_address(updates.records) && is_address(updates.text));
    assert(ssewire_message_decoder_push_end(message, &updates) == SSEWIRE_STATUS_OK);
    assert(is_address(updates.records) && is_address(updates.text));
    ssewire_decoder_free(decoder);
    ssewire_message_decoder_free(message);
}

static void wrong_arguments_are_a_status(void) {
    ssewire_decoder *decoder = ssewire_decoder_new(NULL);
    ssewire_message_decoder *message = ssewire_message_decoder_new(NULL);
    ssewire_event_batch batch;
    ssewire_message_batch updates;
    ssewire_completion completion;
    size_t used;
    uint64_t number;
    char buffer[4];
    const ssewire_status invalid = SSEWIRE_STATUS_INVALID_ARGUMENT;
    assert(ssewire_decoder_push(NULL, bytes("x"), 1, &used, &batch) == invalid);
    assert(ssewire_decoder_push(decoder, NULL, 1, &used, &batch) == invalid);
    assert(ssewire_decoder_push(decoder, bytes("x"), (size_t)-1, &used, &batch) == invalid);
    assert(ssewire_decoder_push(decoder, bytes("x"), 1, NULL, &batch) == invalid);
    assert(ssewire_decoder_push(decoder, bytes("x"), 1, &used, NULL) == invalid);
    assert(ssewire_decoder_push(decoder, NULL, 0, &used, &batch) == SSEWIRE_STATUS_OK && batch.record_count == 0);
    assert(ssewire_decoder_finish(decoder, NULL) == invalid && ssewire_decoder_finish(NULL, &number) == invalid);
    assert(ssewire_decoder_finish_event(decoder, NULL) == invalid && ssewire_decoder_reset(NULL) == invalid);
    assert(ssewire_decoder_set_last_event_id(decoder, NULL, 2) == invalid);
    assert(ssewire_decoder_last_event_id(decoder, NULL, NULL) == invalid);
    assert(ssewire_decoder_retry(decoder, NULL, NULL) == invalid);
    assert(ssewire_message_decoder_push(NULL, bytes("x"), 1, &used, &updates) == invalid);
    assert(ssewire_message_decoder_push(message, NULL, 1, &used, &updates) == invalid);
    assert(ssewire_message_decoder_push_end(message, NULL) == invalid);
    assert(ssewire_message_decoder_finish(message, NULL) == invalid);
    assert(ssewire_message_decoder_completion(NULL, &completion) == invalid);
    assert(ssewire_message_decoder_json(message, buffer, 4, NULL) == invalid);
    assert(ssewire_message_decoder_json(message, buffer, 4, &used) == SSEWIRE_STATUS_BUFFER_TOO_SMALL && used > 4);
    used = 7;
    assert(ssewire_message_decoder_json(message, NULL, 1000, &used) == invalid && used == 7);
    assert(ssewire_message_decoder_explain(message, NULL, 1000, &used) == invalid && used == 7);
    ssewire_decoder_free(decoder);
    ssewire_message_decoder_free(message);
    ssewire_decoder_free(NULL);
    ssewire_message_decoder_free(NULL);
    assert(strcmp(ssewire_status_text(SSEWIRE_STATUS_OK), "ok") == 0);
    assert(strcmp(ssewire_status_text(99), "unknown status") == 0);
    assert(strcmp(ssewire_completion_text(SSEWIRE_COMPLETION_COMPLETE), "message is complete") == 0);
    assert(strlen(ssewire_version()) >= 5);
}

static void message_ends_with_the_input(void) {
    const char *input = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[]}}\n\n";
    const char *rest = "data: {\"type\":\"message_stop\"}\n\n";
    ssewire_message_decoder *decoder = ssewire_message_decoder_new(NULL);
    ssewire_message_batch batch;
    ssewire_completion completion;
    size_t len;
    assert(ssewire_message_decoder_push(decoder, bytes(input), strlen(input), &len, &batch) == SSEWIRE_STATUS_OK);
    assert(batch.record_count == 1 && !batch.is_ended);
    for (int times = 0; times < 2; times++) {
        assert(ssewire_message_decoder_push_end(decoder, &batch) == SSEWIRE_STATUS_OK);
        assert(batch.record_count == 0 && batch.is_ended);
        assert(ssewire_message_decoder_push(decoder, bytes(rest), strlen(rest), &len, &batch) ==
               SSEWIRE_STATUS_FINISHED);
        assert(ssewire_message_decoder_completion(decoder, &completion) == SSEWIRE_STATUS_OK);
        assert(completion == SSEWIRE_COMPLETION_TRUNCATED);
    }
    assert(ssewire_message_decoder_next_message(decoder, &completion) == SSEWIRE_STATUS_OK);
    assert(ssewire_message_decoder_push(decoder, bytes(rest), strlen(rest), &len, &batch) == SSEWIRE_STATUS_OK);
    assert(!batch.is_ended);
    assert(ssewire_message_decoder_finish(decoder, &completion) == SSEWIRE_STATUS_OK);
    assert(completion == SSEWIRE_COMPLETION_TRUNCATED);
    assert(ssewire_message_decoder_push_end(decoder, &batch) == SSEWIRE_STATUS_FINISHED);
    ssewire_message_decoder_free(decoder);
}

static void strict_mode_rejects_an_unterminated_message(void) {
    const char *input = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"content\":[]}}\n\n"
                        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n";
    for (int strict = 0; strict <= 1; strict++) {
        ssewire_message_options options;
        memset(&options, 0, sizeof options);
        options.strict = strict;
        ssewire_message_decoder *decoder = ssewire_message_decoder_new(&options);
        ssewire_message_batch batch;
        ssewire_completion completion;
        size_t used, len;
        char reason[400];
        assert(ssewire_message_decoder_explain(decoder, reason, sizeof reason, &len) == SSEWIRE_STATUS_OK && len != 0);
        assert(ssewire_message_decoder_push(decoder, bytes(input), strlen(input), &used, &batch) == SSEWIRE_STATUS_OK);
        assert(ssewire_message_decoder_explain(decoder, reason, sizeof reason, &len) == SSEWIRE_STATUS_OK);
        assert((len != 0) == strict);
        assert(ssewire_message_decoder_finish(decoder, &completion) == SSEWIRE_STATUS_OK);
        assert(completion == SSEWIRE_COMPLETION_UNTERMINATED);
        assert(ssewire_message_decoder_explain(decoder, reason, sizeof reason, &len) == SSEWIRE_STATUS_OK);
        assert((len != 0) == strict);
        ssewire_message_decoder_free(decoder);
    }
}

static void status_and_content_type_explain_a_body(void) {
    const struct {
        const char *body, *content_type, *explanation;
        uint16_t status;
    } cases[] = {
        {"{\"error\":{\"message\":\"x\"}}", "application/json", "(status 529)", 529},
        {"\x01\x02", "Application/vnd.amazon.eventstream; a=b", "frames of Bedrock", 200},
        {"abc", NULL, "body is text", 0},
    };
    ssewire_message_options options;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(&options, 0, sizeof options);
        options.status = cases[i].status;
        options.content_type = cases[i].content_type;
        options.content_type_len = cases[i].content_type ? strlen(cases[i].content_type) : 0;
        ssewire_message_decoder *decoder = ssewire_message_decoder_new(&options);
        ssewire_message_batch batch;
        ssewire_completion completion;
        size_t used;
        const char *body = cases[i].body;
        assert(ssewire_message_decoder_push(decoder, bytes(body), strlen(body), &used, &batch) == SSEWIRE_STATUS_OK);
        assert(ssewire_message_decoder_finish(decoder, &completion) == SSEWIRE_STATUS_OK);
        assert(completion == SSEWIRE_COMPLETION_NON_STREAM_BODY);
        has(ssewire_message_decoder_explain, decoder, cases[i].explanation);
        ssewire_message_decoder_free(decoder);
    }
    options.content_type_len = 1;
    assert(ssewire_message_decoder_new(&options) == NULL);
}

/* Decodes a stream in chunks of a size, each from memory of its own, and returns its message. */
static char *message_of(const uint8_t *stream, size_t len, size_t size, ssewire_completion *completion) {
    ssewire_message_decoder *decoder = ssewire_message_decoder_new(NULL);
    ssewire_message_batch batch;
    bool is_ended = false;
    for (size_t at = 0; at < len && !is_ended; at += size) {
        const size_t whole = len - at < size ? len - at : size;
        uint8_t *chunk = (uint8_t *)malloc(whole);
        memcpy(chunk, stream + at, whole);
        for (size_t from = 0, used = 0; from < whole && !is_ended; from += used) {
            assert(ssewire_message_decoder_push(decoder, chunk + from, whole - from, &used, &batch) ==
                   SSEWIRE_STATUS_OK);
            is_ended = batch.is_ended;
            for (size_t i = 0; i < batch.record_count; i++) {
                const ssewire_message_record *record = &batch.records[i];
                assert(record->text.offset + record->text.len <= batch.text_len);
                assert(record->id.offset + record->id.len <= batch.text_len);
                assert(record->name.offset + record->name.len <= batch.text_len);
            }
        }
        free(chunk);
    }
    assert(ssewire_message_decoder_push_end(decoder, &batch) == SSEWIRE_STATUS_OK && batch.is_ended);
    assert(ssewire_message_decoder_finish(decoder, completion) == SSEWIRE_STATUS_OK);
    assert(ssewire_message_decoder_finish(decoder, completion) == SSEWIRE_STATUS_FINISHED);
    char reason[400];
    size_t length, used;
    assert(ssewire_message_decoder_explain(decoder, reason, sizeof reason, &length) == SSEWIRE_STATUS_OK);
    const bool is_whole = *completion == SSEWIRE_COMPLETION_COMPLETE || *completion == SSEWIRE_COMPLETION_UNTERMINATED;
    assert((length == 0) == is_whole);
    assert(ssewire_message_decoder_push(decoder, bytes("x"), 1, &used, &batch) == SSEWIRE_STATUS_FINISHED);
    char *json = copy_of(ssewire_message_decoder_json, decoder);
    ssewire_message_decoder_free(decoder);
    return json;
}

static void stream_is_the_same_in_every_chunking(const char *path) {
    FILE *file = fopen(path, "rb");
    assert(file);
    static uint8_t stream[1 << 20];
    const size_t len = fread(stream, 1, sizeof stream, file);
    fclose(file);
    ssewire_completion completion, expected_completion;
    char *expected = message_of(stream, len, len ? len : 1, &expected_completion);
    const size_t sizes[] = {1, 7, 64};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *json = message_of(stream, len, sizes[i], &completion);
        assert(strcmp(json, expected) == 0 && completion == expected_completion);
        free(json);
    }
    free(expected);
}

int main(int count, char **paths) {
    events_have_type_data_id_and_time();
    last_event_id_can_be_a_part_of_itself();
    batch_ends_at_its_largest_number_of_records();
    records_of_one_event_stay_together();
    long_comment_is_truncated();
    messages_of_a_body_follow_each_other();
    empty_results_are_addresses();
    strict_mode_rejects_an_unterminated_message();
    status_and_content_type_explain_a_body();
    message_ends_with_the_input();
    wrong_arguments_are_a_status();
    for (int i = 1; i < count; i++) stream_is_the_same_in_every_chunking(paths[i]);
    printf("c: passed, with %d streams\n", count - 1);
    return 0;
}
