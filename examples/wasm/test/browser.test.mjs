// `page.html` in Chromium, fed by the replay server. MODULE and REPLAY are the paths of the module and of the server.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { openPage } from "./chromium.mjs";
import { failed, message, textOf, withoutNullsThatAreAbsent } from "./samples.mjs";

// After a part of the text, within an event.
const within = "900";

let files, page;
const replays = [];

before(async () => {
  files = createServer(serveFile).listen(0, "127.0.0.1");
  await once(files, "listening");
  page = await openPage(`http://127.0.0.1:${files.address().port}/page.html`);
  await until(`document.readyState === "complete" && document.forms[0]?.elements.state.value === "ready"`);
});

after(async () => {
  replays.forEach((replay) => replay.kill());
  await page?.close();
  files.close();
});

for (const name of ["text", "tool_use", "interleaved"]) {
  test(`${name}: text and message`, async () => {
    const { state, text, got } = await play(await replay("--chunk-size", "50", "--delay-ms", "1", name));
    assert.equal(state, "complete");
    assert.deepEqual(got, withoutNullsThatAreAbsent(message(name), got));
    assert.equal(text, textOf(message(name)));
  });
}

test("text shows before its stream has ended, and stopping keeps it", async () => {
  // After the first chunk nothing arrives while the test runs.
  await start(await replay("--chunk-size", within, "--delay-ms", "3600000", "text"));
  await until(`document.querySelector("#text").textContent !== ""`);
  assert.equal(await value("state"), "reading");
  await page.evaluate(`document.forms[0].elements.stop.click()`);
  assertIsPart(await ended());
});

test("a cut without an error is an incomplete message, which is kept", async () => {
  const got = await play(await replay("--fault", "cut-unnoticed", "text"));
  assertIsPart(got);
  assert.notEqual(got.text, "");
});

for (const fault of ["cut-in-chunk", "cut-with-length"]) {
  test(`a cut with an error keeps the partial message: ${fault}`, async () => {
    // Perhaps without text: a stream that fails discards its queue (Streams standard, ResetQueue).
    assertIsPart(await play(await replay("--fault", fault, "text")));
  });
}

test("an error of the server keeps the partial message", async () => {
  const { error, partial } = failed("error_mid_stream");
  const { state, got } = await play(await replay("error_mid_stream"));
  assert.match(state, new RegExp(`^Incomplete: .*${error.error.type}`));
  assert.deepEqual(got, withoutNullsThatAreAbsent(partial, got));
});

test("an HTML page is not a stream", async () => {
  const { state, text } = await play((await replay()).replace("/v1/messages", "/faults/html-body"));
  assert.match(state, /^Incomplete: .*HTML/);
  assert.equal(text, "");
});

function assertIsPart({ state, text, got }) {
  assert.match(state, /^Incomplete: /);
  assert.ok(text !== textOf(message("text")) && textOf(message("text")).startsWith(text), text);
  assert.equal(textOf(got), text);
}

/** Starts a server; gives the address of its stream. */
async function replay(...options) {
  const server = spawn(process.env.REPLAY, options, { stdio: ["ignore", "pipe", "inherit"] });
  replays.push(server);
  for await (const line of createInterface(server.stdout)) {
    const [, url] = /^listening on (\S+)/.exec(line) ?? [];
    if (url) return `${url}/v1/messages`;
  }
  throw new Error("the replay server did not start");
}

async function play(address) {
  await start(address);
  return ended();
}

const start = (address) =>
  page.evaluate(`{
    const { url, start } = document.forms[0].elements;
    url.value = ${JSON.stringify(address)};
    start.click();
  }`);

async function ended() {
  await until(`document.forms[0].elements.state.value !== "reading"`);
  const [text, got] = await page.evaluate(`["#text", "#message"].map((id) => document.querySelector(id).textContent)`);
  return { state: await value("state"), text, got: JSON.parse(got) };
}

const value = (name) => page.evaluate(`document.forms[0].elements.${name}.value`);

async function until(condition) {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    if (await page.evaluate(condition)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain for ${condition}`);
}

function serveFile(request, response) {
  const types = { "/page.html": "text/html", "/ssewire.mjs": "text/javascript", "/ssewire_wasm.wasm": "application/wasm" };
  const path = new URL(request.url, "http://localhost").pathname;
  if (!(path in types)) return response.writeHead(404).end();
  const file = path.endsWith(".wasm") ? process.env.MODULE : new URL(`..${path}`, import.meta.url);
  response.writeHead(200, { "content-type": types[path] }).end(readFileSync(file));
}
