/* Prints the text of a message as it arrives:  ANTHROPIC_API_KEY=… ./stream [ADDRESS] */
#include <curl/curl.h>
#include <ssewire.h>
#include <stdio.h>
#include <stdlib.h>

struct response {
    ssewire_message_decoder *decoder;
    bool is_ended;
};

static size_t receive(char *data, size_t size, size_t count, void *user) {
    struct response *response = user;
    size_t used = 0;
    ssewire_message_batch batch = {0};
    for (size_t at = 0; at < size * count && !batch.is_ended; at += used) {
        const uint8_t *bytes = (const uint8_t *)data + at;
        if (ssewire_message_decoder_push(response->decoder, bytes, size * count - at, &used, &batch) != SSEWIRE_STATUS_OK)
            return 0;
        for (size_t i = 0; i < batch.record_count; i++)
            if (batch.records[i].kind == SSEWIRE_MESSAGE_KIND_TEXT)
                fwrite(batch.text + batch.records[i].text.offset, 1, batch.records[i].text.len, stdout);
    }
    fflush(stdout);
    response->is_ended = batch.is_ended;
    /* 0 ends the transfer: gateways leave the body open for minutes after the message. */
    return batch.is_ended ? 0 : size * count;
}

int main(int count, char **arguments) {
    char key[300];
    snprintf(key, sizeof key, "x-api-key: %s", getenv("ANTHROPIC_API_KEY") ? getenv("ANTHROPIC_API_KEY") : "");
    struct curl_slist *headers = curl_slist_append(NULL, key);
    headers = curl_slist_append(headers, "anthropic-version: 2023-06-01");
    headers = curl_slist_append(headers, "content-type: application/json");
    ssewire_message_decoder *decoder = ssewire_message_decoder_new(NULL);
    struct response response = {decoder, false};
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, count > 1 ? arguments[1] : "https://api.anthropic.com/v1/messages");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":300,\"stream\":true,"
                                               "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response);
    CURLcode code = curl_easy_perform(curl);
    if (response.is_ended) code = CURLE_OK;
    ssewire_completion completion;
    char reason[1024];
    size_t len = 0;
    ssewire_status status = ssewire_message_decoder_finish(decoder, &completion);
    if (!status) status = ssewire_message_decoder_explain(decoder, reason, sizeof reason, &len);
    if (code) fprintf(stderr, "\n%s\n", curl_easy_strerror(code));
    /* After a failure, `reason` is not written. */
    if (status) fprintf(stderr, "\n%s\n", ssewire_status_text(status));
    else if (len) fprintf(stderr, "\n%s\n", reason);
    ssewire_message_decoder_free(decoder);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    return code || status || len;
}
