// The JavaScript side of `src/lib.rs`: bytes of a response body in, text and messages out.
//
//   const ssewire = await load(fetch("ssewire_wasm.wasm"));
//   const response = await fetch("/v1/messages", …);
//   const message = await ssewire.read(response.body, (text) => show(text));

/** The message is incomplete; `partial` is the partial message. */
export class Incomplete extends Error {
  constructor(why, partial, cause) {
    super(why, { cause });
    this.name = "Incomplete";
    this.partial = partial;
  }
}

/** Takes the bytes of the module, or a (promised) response with them. */
export async function load(module) {
  module = await module;
  const isResponse = typeof Response !== "undefined" && module instanceof Response;
  const { instance } = await (isResponse ? WebAssembly.instantiateStreaming(module) : WebAssembly.instantiate(module));
  const open = () => new MessageStream(instance.exports);
  return { open, read: (body, onText) => read(open(), body, onText) };
}

/** One response. `finish` and `close` end it, and free its memory. */
class MessageStream {
  #wasm;
  #stream;

  constructor(wasm) {
    this.#wasm = wasm;
    this.#stream = wasm.stream_open();
  }

  /** Takes the next bytes of the body, cut anywhere, and gives the text that they brought. */
  push(bytes) {
    this.#checkOpen();
    const at = this.#wasm.stream_input(this.#stream, bytes.length);
    // A new view each time: the memory may have grown, which ends the old ones.
    new Uint8Array(this.#wasm.memory.buffer, at, bytes.length).set(bytes);
    this.#wasm.stream_push(this.#stream);
    return this.#output();
  }

  /** Whether the message has ended. Read no further then: gateways leave the body open for minutes. */
  get isEnded() {
    return Boolean(this.#wasm.stream_is_ended(this.#stream));
  }

  /** The message so far. */
  snapshot() {
    this.#checkOpen();
    this.#wasm.stream_snapshot(this.#stream);
    return JSON.parse(this.#output());
  }

  /** The body has ended: gives the text of a last event whose blank line is missing. */
  end() {
    this.#checkOpen();
    this.#wasm.stream_end(this.#stream);
    return this.#output();
  }

  /** The body has ended, perhaps for a `cause`: gives the message, or throws `Incomplete`. */
  finish(cause) {
    this.#checkOpen();
    this.#wasm.stream_finish(this.#stream);
    const { message, incomplete } = JSON.parse(this.#output());
    this.close();
    if (incomplete !== null) throw new Incomplete(incomplete, message, cause);
    return message;
  }

  close() {
    this.#wasm.stream_close(this.#stream);
    this.#stream = null;
  }

  /** Throws if the stream is closed: the module would use memory that may belong to another stream. */
  #checkOpen() {
    if (this.#stream === null) throw new Error("stream is closed");
  }

  #output() {
    const [at, length] = [this.#wasm.stream_output(this.#stream), this.#wasm.stream_output_length(this.#stream)];
    const bytes = new Uint8Array(this.#wasm.memory.buffer, at, length);
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }
}

/**
 * Reads a `ReadableStream` of bytes to the end of the message. If the connection breaks or is aborted, throws
 * `Incomplete`.
 */
async function read(stream, body, onText) {
  let reader, broken;
  const next = () => reader.read().catch((error) => ((broken = error), { done: true }));
  try {
    // Throws if there is no body, or if it has a reader.
    reader = body.getReader();
    for (let chunk; !stream.isEnded && !(chunk = await next()).done; ) {
      const text = stream.push(chunk.value);
      if (text !== "") onText(text);
    }
    const last = stream.end();
    if (last !== "") onText(last);
    return stream.finish(broken);
  } finally {
    stream.close();
    // Ends a body that is still open: the message ended first, or `onText` threw.
    reader?.cancel().catch(() => {});
  }
}
