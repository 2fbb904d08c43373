// Drives a headless Chromium over its DevTools protocol, through a pipe: no package is needed, and no port.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Opens a page; `evaluate` gives the value of an expression in it, once it is there. */
export async function openPage(url) {
  const profile = mkdtempSync(join(tmpdir(), "ssewire-chromium-"));
  const options = ["--headless", "--disable-gpu", "--remote-debugging-pipe", `--user-data-dir=${profile}`];
  // It is a page of ours alone that it shows, and a container often forbids the sandbox.
  options.push("--no-sandbox", "--disable-dev-shm-usage", "about:blank");
  const chromium = spawn(process.env.CHROMIUM ?? "chromium", options, {
    // The protocol is spoken over the descriptors 3 and 4.
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const send = connect(chromium);

  const { targetId } = await send("Target.createTarget", { url });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });

  async function evaluate(expression) {
    const asked = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await send("Runtime.evaluate", asked, sessionId);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async function close() {
    const exited = new Promise((resolve) => chromium.once("exit", resolve));
    await send("Browser.close");
    await exited;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }

  return { evaluate, close };
}

/** Messages are JSON, each followed by a NUL; an answer has the id of its question. */
function connect(chromium) {
  const [, , , input, output] = chromium.stdio;
  const waiting = new Map();
  let [last, unread] = [0, ""];
  output.setEncoding("utf8").on("data", (text) => {
    const messages = (unread + text).split("\0");
    unread = messages.pop();
    for (const { id, result, error } of messages.map(JSON.parse)) {
      const { resolve, reject } = waiting.get(id) ?? {};
      waiting.delete(id);
      error ? reject?.(new Error(error.message)) : resolve?.(result);
    }
  });
  const fail = (error) => waiting.forEach(({ reject }) => reject(error));
  chromium.on("error", fail).on("exit", (code) => fail(new Error(`chromium ended with ${code}`)));
  input.on("error", fail);
  return (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      input.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
    });
}
