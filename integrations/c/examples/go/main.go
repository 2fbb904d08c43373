// Prints the text of a recorded Messages stream: go run . < stream.sse
//
// One call of C per chunk: a call per event would cost more than its decoding.
package main

/*
#cgo pkg-config: ssewire
#include <ssewire.h>
*/
import "C"

import (
	"fmt"
	"io"
	"os"
	"unsafe"
)

func main() {
	decoder := C.ssewire_message_decoder_new(nil)
	defer C.ssewire_message_decoder_free(decoder)
	chunk := make([]byte, 4096)
	for {
		n, err := os.Stdin.Read(chunk)
		var batch C.ssewire_message_batch
		for rest := chunk[:n]; len(rest) > 0; {
			var used C.size_t
			data := (*C.uint8_t)(unsafe.Pointer(&rest[0]))
			if C.ssewire_message_decoder_push(decoder, data, C.size_t(len(rest)), &used, &batch) != C.SSEWIRE_STATUS_OK {
				os.Exit(1)
			}
			for _, record := range unsafe.Slice(batch.records, batch.record_count) {
				if record.kind == C.SSEWIRE_MESSAGE_KIND_TEXT {
					text := unsafe.Slice((*byte)(unsafe.Pointer(batch.text)), batch.text_len)
					os.Stdout.Write(text[record.text.offset : record.text.offset+record.text.len])
				}
			}
			if rest = rest[used:]; batch.is_ended {
				break
			}
		}
		// A body may stay open after the message.
		if batch.is_ended || err == io.EOF {
			break
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	// If `finish` fails, it does not set the completion.
	var completion C.enum_ssewire_completion = C.SSEWIRE_COMPLETION_UNKNOWN
	C.ssewire_message_decoder_finish(decoder, &completion)
	if completion > C.SSEWIRE_COMPLETION_UNTERMINATED {
		fmt.Fprintln(os.Stderr, C.GoString(C.ssewire_completion_text(C.uint32_t(completion))))
		os.Exit(1)
	}
}
