import { setTimeout as delay } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import { token } from "./fleet.ts";

export interface Reading {
  /** `unknown` where the run could not be followed to its end. */
  readonly state: "completed" | "failed" | "unknown";
  readonly text: string;
  /** What it saw that must not be. */
  readonly fault?: string;
}

const patienceMs = 60_000;

/**
 * Follows a run through the front, which is another replica each time, and goes on from the last event that it has when it
 * is cut off, to the run's end. What it has read so far is a beginning of `expected` at any time, without a gap.
 */
export async function follow(url: string, runId: string, expected: string): Promise<Reading> {
  const read: { state: Reading["state"]; text: string; last: string; fault: string | undefined } = {
    state: "unknown",
    text: "",
    last: "0",
    fault: undefined,
  };
  const parser = () =>
    createParser({
      onEvent({ id, data }) {
        if (data === "[DONE]") {
          read.state = "completed";
          return;
        }
        if (id !== undefined) {
          if (Number(id) < Number(read.last)) read.fault ??= `event ${id} came after ${read.last}`;
          read.last = id;
        }
        const event = JSON.parse(data) as {
          readonly error?: unknown;
          readonly choices?: readonly { readonly delta: { readonly content?: string | null } }[];
        };
        if (event.error !== undefined) read.state = "failed";
        read.text += event.choices?.[0]?.delta.content ?? "";
        if (!expected.startsWith(read.text)) read.fault ??= `an observer read '${read.text}'`;
      },
    });
  const deadline = performance.now() + patienceMs;
  while (read.state === "unknown" && read.fault === undefined && performance.now() < deadline) {
    try {
      const response = await fetch(`${url}/v1/runs/${runId}/events`, {
        headers: { authorization: `Bearer ${token}`, "last-event-id": read.last },
        signal: AbortSignal.timeout(patienceMs),
      });
      if (response.status === 404 || response.status === 410)
        read.fault = `its events are gone: ${await response.text()}`;
      else if (response.ok && response.body !== null) {
        const reading = parser();
        for await (const piece of response.body.pipeThrough(new TextDecoderStream())) reading.feed(piece);
      }
    } catch {
      // The replica or the way to it is gone: from the last event on, at another one.
    }
    if (read.state === "unknown") await delay(100);
  }
  if (read.state === "completed" && read.text !== expected)
    read.fault ??= `an observer was told the end after '${read.text}'`;
  const { fault, ...seen } = read;
  return fault === undefined ? seen : { ...seen, fault };
}
