// The module in node. MODULE is its path.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Incomplete, load } from "../ssewire.mjs";
import { failed, message, stream, textOf, whole, withoutNullsThatAreAbsent } from "./samples.mjs";

const ssewire = await load(readFileSync(process.env.MODULE));

/** Ends after a part of its text, within an event. */
const part = stream("text").subarray(0, 900);

function* chunks(bytes, size) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function assertIs(expected, got) {
  assert.deepEqual(got, withoutNullsThatAreAbsent(expected, got));
}

assert.ok(whole.length >= 20, "the samples are there");
for (const name of whole) {
  test(`${name}: text and message, however it is cut`, () => {
    for (const size of [1, 7, 100, 1 << 20]) {
      const open = ssewire.open();
      let text = "";
      for (const chunk of chunks(stream(name), size)) text += open.push(chunk);
      const got = open.finish();
      assertIs(message(name), got);
      assert.equal(text, textOf(got));
    }
  });
}

test("an error of the server keeps the partial message", () => {
  const { error, partial } = failed("error_mid_stream");
  const open = ssewire.open();
  open.push(stream("error_mid_stream"));
  assert.throws(() => open.finish(), (thrown) => {
    assert.ok(thrown instanceof Incomplete);
    assert.match(thrown.message, new RegExp(error.error.type));
    assertIs(partial, thrown.partial);
    return true;
  });
});

test("a stream that is cut keeps the partial message", () => {
  const open = ssewire.open();
  const text = open.push(part);
  assert.ok(text.length > 0 && textOf(message("text")).startsWith(text));
  assert.equal(textOf(open.snapshot()), text);
  assert.throws(() => open.finish(), (thrown) => thrown instanceof Incomplete && textOf(thrown.partial) === text);
});

test("read shows all the text that it keeps, also of an event without its blank line", async () => {
  const event = (data) => `data: ${JSON.stringify(data)}`;
  const delta = (text) => event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } });
  const start = event({ type: "message_start", message: {} });
  const body = new Blob([[start, delta("the "), delta("end")].join("\n\n")]).stream();
  let shown = "";
  await assert.rejects(ssewire.read(body, (text) => (shown += text)), (thrown) => {
    assert.equal(textOf(thrown.partial), "the end");
    return true;
  });
  assert.equal(shown, "the end");
});

test("an HTML page is neither a stream nor a message", () => {
  const open = ssewire.open();
  assert.equal(open.push(new TextEncoder().encode("<!DOCTYPE html><p>Sign in</p>")), "");
  assert.throws(() => open.finish(), Incomplete);
});

test("streams do not mix", () => {
  const names = ["text", "tool_use", "thinking"];
  const open = names.map(() => ssewire.open());
  const parts = names.map((name) => [...chunks(stream(name), 50)]);
  for (let i = 0; parts.some((part) => i < part.length); i++) {
    open.forEach((each, at) => i < parts[at].length && each.push(parts[at][i]));
  }
  open.forEach((each, at) => assertIs(message(names[at]), each.finish()));
});

test("the memory may grow while a chunk is written", () => {
  // More than the module begins with: 8 MiB of text in one event and in one chunk.
  const text = "é".repeat(4 << 20);
  const event = (payload) => `data: ${JSON.stringify(payload)}\n\n`;
  const body =
    event({ type: "message_start", message: { content: [] } }) +
    event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }) +
    event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }) +
    event({ type: "content_block_stop", index: 0 }) +
    event({ type: "message_delta", delta: { stop_reason: "end_turn" } }) +
    event({ type: "message_stop" });
  const open = ssewire.open();
  assert.ok(open.push(new TextEncoder().encode(body)) === text);
  assert.ok(textOf(open.finish()) === text);
});

test("a closed stream refuses every call", () => {
  const open = ssewire.open();
  open.close();
  open.close();
  for (const use of [() => open.push(stream("text")), () => open.snapshot(), () => open.finish()]) {
    assert.throws(use, /is closed/);
  }
});

/** A body that gives these chunks, then ends, or breaks with an error. */
function body(chunks, broken) {
  return new ReadableStream({
    pull(controller) {
      if (chunks.length > 0) return controller.enqueue(chunks.shift());
      return broken ? controller.error(broken) : controller.close();
    },
  });
}

test("read: text as it comes, then the message", async () => {
  const texts = [];
  const got = await ssewire.read(body([...chunks(stream("text"), 100)]), (text) => texts.push(text));
  assertIs(message("text"), got);
  assert.ok(texts.length > 1 && !texts.includes(""));
  assert.equal(texts.join(""), textOf(got));
});

test("read: the error of the connection is the cause, and the partial message is kept", async () => {
  const broken = new Error("the network is gone");
  let text = "";
  const reading = ssewire.read(body([part], broken), (piece) => (text += piece));
  await assert.rejects(reading, (thrown) => {
    assert.ok(thrown instanceof Incomplete);
    assert.equal(thrown.cause, broken);
    assert.ok(text.length > 0);
    assert.equal(textOf(thrown.partial), text);
    return true;
  });
});

test("read: a body that stays open after the message is not waited for", async () => {
  let cancelled = false;
  const open = new ReadableStream({
    start: (controller) => controller.enqueue(stream("text")),
    cancel: () => void (cancelled = true),
  });
  const waited = new Promise((resolve) => setTimeout(resolve, 10_000, "waited").unref());
  assertIs(message("text"), await Promise.race([ssewire.read(open, () => {}), waited]));
  assert.ok(cancelled);
});

test("read: a response without a body is an error", async () => {
  await assert.rejects(ssewire.read(null, () => {}), TypeError);
});

test("read: a listener that throws ends it, and the body", async () => {
  const thrown = new Error("no more");
  let cancelled = false;
  const endless = new ReadableStream({
    start: (controller) => controller.enqueue(part),
    cancel: () => void (cancelled = true),
  });
  const reading = ssewire.read(endless, () => {
    throw thrown;
  });
  await assert.rejects(reading, thrown);
  assert.ok(cancelled);
});
