import { setTimeout as delay } from "node:timers/promises";
import OpenAI from "openai";
import { createRandom } from "../../conformance/judge/random.ts";
import { token } from "./fleet.ts";
import { follow, type Reading } from "./observer.ts";

/** What all clients together were told, and what they saw that must not be. */
export interface History {
  /** Counted up by the check: what is said goes to the sessions of this epoch. */
  epoch: number;
  readonly acknowledged: Turn[];
  /** How each was said, by session and text. */
  readonly asked: Map<string, Kind>;
  /** How many turns of each kind were acknowledged. */
  readonly kinds: Map<Kind, number>;
  /** Answers that were there already when they were asked for. */
  replayed: number;
  readonly faults: string[];
}

export interface Turn {
  readonly session: string;
  readonly text: string;
}

const kinds = ["plain", "stream", "keyed", "twins", "detached", "keyed and detached"] as const;
export type Kind = (typeof kinds)[number];

const sessions = 10;
const words = 12;

interface Saying extends Turn {
  readonly kind: Kind;
  readonly expected: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly model: string; readonly messages: [{ readonly role: "user"; readonly content: string }] };
}

/**
 * One client that says one thing after the other, never the same again, each in another way, until the signal aborts. To
 * try again is the SDK's part; of whom the SDK gives up nothing is known.
 */
export async function runClient(index: number, url: string, seed: string, history: History, ended: AbortSignal) {
  const random = createRandom(`${seed} client ${index}`);
  const below = (end: number): number => Math.floor(random() * end);
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 8, timeout: 60_000, logLevel: "off" });
  for (let number = 1; !ended.aborted; number += 1) {
    const saying = toSaying(index, number, kinds[below(kinds.length)] ?? "plain", history.epoch);
    history.asked.set(`${saying.session} ${saying.text}`, saying.kind);
    try {
      const answers = await say(client, url, saying, history, below);
      for (const answer of answers)
        if (answer !== saying.expected) history.faults.push(`${saying.text} (${saying.kind}) was answered '${answer}'`);
      if (answers.length > 0) {
        history.acknowledged.push({ session: saying.session, text: saying.text });
        history.kinds.set(saying.kind, (history.kinds.get(saying.kind) ?? 0) + 1);
      }
    } catch (error) {
      // Nobody was told anything; a refusal is none of a replica that went away.
      if (!isLost(error)) history.faults.push(`${saying.text} (${saying.kind}) was refused: ${String(error)}`);
    }
    await delay(below(30));
  }
}

function toSaying(index: number, number: number, kind: Kind, epoch: number): Saying {
  const text = `c${index}.${number}`;
  const session = `s${index % sessions}-${epoch}`;
  const keyed = kind === "keyed" || kind === "twins" || kind === "keyed and detached";
  return {
    kind,
    text,
    session,
    expected: `${text}${Array.from({ length: words }, (_, at) => `word${at}`).join(" ")}`,
    headers: {
      "x-openclaw-session-key": session,
      ...(keyed ? { "idempotency-key": `key-${text}` } : {}),
      ...(kind.endsWith("detached") ? { "x-openclaw-detach": "true" } : {}),
    },
    body: { model: "openclaw", messages: [{ role: "user", content: `@@echo ${text}\n@@words ${words} delay=3ms` }] },
  };
}

/** The answers of those that got one: twins say the same at once, with one key. */
async function say(
  client: OpenAI,
  url: string,
  saying: Saying,
  history: History,
  below: (end: number) => number,
): Promise<string[]> {
  const { kind, body, headers } = saying;
  const whole = async (): Promise<string> => {
    const { data, response } = await client.chat.completions.create(body, { headers }).withResponse();
    if (response.headers.has("x-clawgate-replayed") || response.headers.has("idempotency-replayed"))
      history.replayed += 1;
    return data.choices[0]?.message.content ?? "";
  };
  switch (kind) {
    case "plain":
    case "keyed":
      return [await whole()];
    case "twins": {
      const ends = await Promise.allSettled([whole(), whole()]);
      for (const end of ends) if (end.status === "rejected" && !isLost(end.reason)) throw end.reason;
      return ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
    }
    case "stream": {
      const stream = await client.chat.completions.create({ ...body, stream: true }, { headers });
      let [text, finished] = ["", false];
      for await (const { choices } of stream) {
        text += choices[0]?.delta.content ?? "";
        finished ||= choices[0]?.finish_reason != null;
      }
      return finished ? [text] : [];
    }
    case "detached":
    case "keyed and detached": {
      const { data, response } = await client.chat.completions
        .create({ ...body, stream: true }, { headers })
        .withResponse();
      const runId = response.headers.get("x-openclaw-run-id");
      if (runId === null) throw new Error(`${saying.text}: a detached run without x-openclaw-run-id`);
      await leave(data, below(words));
      const readings = await Promise.all([follow(url, runId, saying.expected), follow(url, runId, saying.expected)]);
      return readings.flatMap((reading) => toTold(reading, `${saying.text} (${runId})`, history));
    }
  }
}

/** Reads so many chunks and goes. */
async function leave(stream: AsyncIterable<unknown> & { controller: AbortController }, chunks: number): Promise<void> {
  let read = 0;
  try {
    for await (const _ of stream) if ((read += 1) > chunks) break;
  } catch (error) {
    // What was cut off goes on without its client, or is over; the observers will see.
    if (!isLost(error)) throw error;
  }
  stream.controller.abort();
}

function toTold({ state, text, fault }: Reading, name: string, history: History): string[] {
  if (fault !== undefined) history.faults.push(`${name}: ${fault}`);
  return state === "completed" ? [text] : [];
}

/** The SDK gave up, or its stream was cut off. */
function isLost(error: unknown): boolean {
  if (error instanceof OpenAI.APIError) {
    return error.status === undefined || error.status === 429 || error.status >= 500;
  }
  return (
    error instanceof Error &&
    /terminated|aborted|closed|premature|other side/i.test(`${error.message} ${String(error.cause)}`)
  );
}
