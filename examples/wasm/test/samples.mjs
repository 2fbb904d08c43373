// The recorded streams that all tests of the workspace use, and their expected messages.

import { readFileSync, readdirSync } from "node:fs";

const folder = new URL("../../../tests/data/streams/samples/", import.meta.url);

/** Names of the streams that end well. */
export const whole = readdirSync(folder)
  .filter((file) => file.endsWith(".message.json"))
  .map((file) => file.replace(".message.json", ""));

export const stream = (name) => new Uint8Array(readFileSync(new URL(`${name}.sse`, folder)));
export const message = (name) => JSON.parse(readFileSync(new URL(`${name}.message.json`, folder), "utf8"));
export const failed = (name) => JSON.parse(readFileSync(new URL(`${name}.error.json`, folder), "utf8"));

/** The text of all blocks of a message. */
export const textOf = (message) => message.content.map((block) => (block.type === "text" ? block.text : "")).join("");

/** The expectations have null for a member that no event had; such a member is absent from the message. */
export function withoutNullsThatAreAbsent(expected, got) {
  if (expected === null || typeof expected !== "object" || got === null || typeof got !== "object") return expected;
  if (Array.isArray(expected)) return expected.map((item, i) => withoutNullsThatAreAbsent(item, got[i]));
  const kept = Object.entries(expected).filter(([name, value]) => value !== null || name in got);
  return Object.fromEntries(kept.map(([name, value]) => [name, withoutNullsThatAreAbsent(value, got[name])]));
}
