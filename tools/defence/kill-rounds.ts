import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import OpenAI from "openai";

// Kills a gateway again and again while SDK clients write to its sessions, and reads afterwards what is on disk:
// `node tools/defence/kill-rounds.ts --rounds 500`. What a client was told is there once and in order; what it was not
// told is there once or not at all.

export interface KillOptions {
  readonly rounds: number;
  readonly writers: number;
  /** Hears a line after each round. */
  readonly say: (line: string) => void;
}

export interface KillResult {
  /** Turns that a client was told of, in all rounds. */
  readonly acknowledged: number;
  /** Answers that were given a second time, because they were lost with the gateway that had stored them. */
  readonly replayed: number;
  /** How much later than new sessions those in use had all answered after a restart. */
  readonly slowestMs: number;
  /** In words; there shall be none. */
  readonly faults: readonly string[];
}

/** How soon after a restart every session has to answer. */
const answerMs = 1_000;
/** Sessions of so many rounds are left for new ones: a transcript that grows for ever would only measure itself. */
const epochRounds = 20;
const token = "kill-rounds-0123456789abcdef";

/** Every fifth writer shares its session with the one before it. */
function toSession(writer: number, epoch: number): string {
  return `s${writer % 5 === 4 ? writer - 1 : writer}-${epoch}`;
}

/** One client that numbers what it says, and what it has heard of it. */
interface Writer {
  readonly index: number;
  number: number;
  readonly acknowledged: { readonly session: string; readonly text: string }[];
}

export async function runKillRounds({ rounds, writers: count, say }: KillOptions): Promise<KillResult> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-kill-"));
  const faults: string[] = [];
  const audit = createAudit(join(folder, "state", "sessions.sqlite"), faults);
  const writers = Array.from({ length: count }, (_, index): Writer => ({ index, number: 0, acknowledged: [] }));
  const ended = new AbortController();
  const place = { epoch: 0, replayed: 0 };
  let gateway = await startGateway(folder, 0);
  let [slowestMs, acknowledged] = [0, 0];
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: token, maxRetries: 5, logLevel: "off" });
  const writing = writers.map((writer) => write(client, writer, place, ended.signal));
  try {
    for (let round = 1; round <= rounds; round += 1) {
      await untilBusy(writers);
      await delay(Math.random() * 300);
      gateway.process.kill("SIGKILL");
      await once(gateway.process, "exit");
      gateway = await startGateway(folder, gateway.port);
      const sessions = [...new Set(writers.map(({ index }) => toSession(index, place.epoch)))];
      const { url } = gateway;
      // What a session that nobody has used takes is the machine's part, whose disk may be busy with other things.
      // In turns, so that neither has the disk first.
      const pairs = sessions.map((session, index) => [
        probe(url, `f${index}-${round}`, round, faults),
        probe(url, session, round, faults),
      ]);
      const times = await Promise.all(pairs.map((pair) => Promise.all(pair)));
      const alone = Math.max(...times.map(([fresh = 0]) => fresh));
      const together = Math.max(...times.map(([, used = 0]) => used));
      const later = Math.max(0, together - alone);
      if (later > answerMs) faults.push(`round ${round}: sessions answered ${later} ms later than new ones`);
      slowestMs = Math.max(slowestMs, later);
      if (round % epochRounds === 0) place.epoch += 1;
      acknowledged += audit(writers.flatMap((writer) => writer.acknowledged.splice(0)));
      say(`round ${round}: ${acknowledged} acknowledged, ${place.replayed} replayed, ${alone} + ${later} ms`);
    }
    ended.abort();
    await Promise.all(writing);
    acknowledged += audit(writers.flatMap((writer) => writer.acknowledged.splice(0)));
  } finally {
    ended.abort();
    gateway.process.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
  return { acknowledged, replayed: place.replayed, slowestMs, faults };
}

/** SDKs wait before they try again: most of a round would else be over before they are back. */
async function untilBusy(writers: readonly Writer[]): Promise<void> {
  const deadline = performance.now() + 5_000;
  const count = (): number => writers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
  while (count() < 2 * writers.length && performance.now() < deadline) await delay(10);
}

/** Says one thing after the other, streamed every other time, and never the same again: trying again is the SDK's part. */
async function write(
  client: OpenAI,
  writer: Writer,
  place: { readonly epoch: number; replayed: number },
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    const text = `w${writer.index}.${++writer.number}`;
    const session = toSession(writer.index, place.epoch);
    const body = { model: "openclaw", messages: [{ role: "user" as const, content: `@@echo ${text}` }] };
    const options = { headers: { "x-openclaw-session-key": session } };
    try {
      const { data, response } =
        writer.number % 2 === 0
          ? await client.chat.completions.create({ ...body, stream: true }, options).withResponse()
          : await client.chat.completions.create(body, options).withResponse();
      if (response.headers.has("x-clawgate-replayed")) place.replayed += 1;
      const answer = "choices" in data ? data.choices[0]?.message.content : await readStream(data);
      // Undefined of a stream that was cut off, whose SDK says so or not.
      if (answer !== undefined) writer.acknowledged.push({ session, text: `${text} ${answer ?? ""}` });
    } catch (error) {
      // The gateway was killed, and the SDK has given up: nobody was told anything.
      if (!(error instanceof OpenAI.APIError) && !isBroken(error)) throw error;
    }
    await delay(Math.random() * 20);
  }
}

function isBroken(error: unknown): boolean {
  return (
    error instanceof Error && /terminated|aborted|closed|premature/i.test(`${error.message} ${String(error.cause)}`)
  );
}

async function readStream(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string | undefined> {
  let [text, finished] = ["", false];
  for await (const { choices } of stream) {
    text += choices[0]?.delta.content ?? "";
    finished ||= choices[0]?.finish_reason != null;
  }
  return finished ? text : undefined;
}

/** A turn of the session, as soon as the gateway listens. Gives the milliseconds that it took. */
async function probe(url: string, session: string, round: number, faults: string[]): Promise<number> {
  const began = performance.now();
  for (;;) {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "x-openclaw-session-key": session,
      },
      body: JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: `@@echo p.${round}` }] }),
    });
    const text = await response.text();
    // So it says where the machine has too much to do; that is no matter of sessions.
    if (response.status === 503 && text.includes('"overloaded"')) {
      await delay(50);
      continue;
    }
    if (response.status !== 200) faults.push(`round ${round}: ${session} answered ${response.status} ${text}`);
    return Math.round(performance.now() - began);
  }
}

interface Row {
  readonly session_key: string;
  readonly sequence: number;
  readonly body: string;
}

/**
 * Reads what has come to the sessions since the last time and holds it against what clients were told. Gives how many
 * turns those were.
 */
function createAudit(
  path: string,
  faults: string[],
): (acknowledged: readonly { readonly session: string; readonly text: string }[]) => number {
  const found = new Set<string>();
  const lastNumber = new Map<string, number>();
  let lastRow = 0;

  function readTurn(key: string, question: string, answer: string): void {
    const session = key.replace(/^agent:main:/, "");
    const text = question.replace("@@echo ", "");
    if (answer !== text) faults.push(`${session}: '${question}' is followed by '${answer}'`);
    const turn = `${session} ${text}`;
    if (found.has(turn)) faults.push(`${turn} is there twice`);
    found.add(turn);
    const [who = "", number = ""] = text.split(".");
    const before = lastNumber.get(`${session} ${who}`) ?? 0;
    if (Number(number) <= before) faults.push(`${turn} comes after ${before}`);
    lastNumber.set(`${session} ${who}`, Number(number));
  }

  return (acknowledged) => {
    using database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    const rows = database
      .prepare("SELECT rowid AS row, session_key, sequence, body FROM message WHERE rowid > ? ORDER BY rowid")
      .all(lastRow) as unknown as (Row & { readonly row: number })[];
    lastRow = rows.at(-1)?.row ?? lastRow;
    const contents = rows.map(({ body }) => (JSON.parse(body) as { readonly content: string }).content);
    // A turn is two messages, and they are written one after the other.
    for (let at = 0; at < rows.length; at += 2)
      readTurn(rows[at]?.session_key ?? "", contents[at] ?? "", contents[at + 1] ?? "");
    for (const { session, text } of acknowledged) {
      const [said = "", heard] = text.split(" ");
      if (said !== heard) faults.push(`${session}: '${said}' was answered with '${heard}'`);
      if (!found.has(`${session} ${said}`)) faults.push(`${session}: ${said} was acknowledged and is not there`);
    }
    return acknowledged.length;
  };
}

interface Gateway {
  readonly process: ChildProcess;
  readonly url: string;
  readonly port: number;
}

const entry = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

/** Starts a gateway as a process of its own; the port is the one before, so that clients find it again. */
async function startGateway(folder: string, port: number): Promise<Gateway> {
  const config = join(folder, "config.json5");
  writeFileSync(
    config,
    JSON.stringify({
      gateway: { port, log: { level: "error" }, http: { endpoints: { chatCompletions: { enabled: true } } } },
      models: { providers: { embedded: { api: "embedded", directives: true } } },
      agents: { defaults: { model: "embedded/assistant" }, list: [{ id: "main", default: true }] },
    }),
  );
  const environment = {
    ...process.env,
    HOME: folder,
    OPENCLAW_CONFIG_PATH: config,
    OPENCLAW_GATEWAY_TOKEN: token,
    OPENCLAW_STATE_DIR: join(folder, "state"),
  };
  const child = spawn(process.execPath, [entry, "gateway"], { cwd: folder, env: environment });
  let [output, notes] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text: string) => (notes += text));
  for await (const text of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    output += String(text);
    const url = /listens on (http:\/\/\S+)/.exec(output)?.[1];
    if (url !== undefined) return { process: child, url, port: Number(new URL(url).port) };
  }
  throw new Error(`The gateway did not start: ${output}${notes}`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { rounds: { type: "string", default: "10" }, writers: { type: "string", default: "20" } },
  });
  const began = performance.now();
  const result = await runKillRounds({
    rounds: Number(values.rounds),
    writers: Number(values.writers),
    say: (line) => console.log(line),
  });
  for (const fault of result.faults) console.log(`FAULT ${fault}`);
  const { acknowledged, replayed, slowestMs, faults } = result;
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log(
    `${values.rounds} rounds in ${minutes} min: ${acknowledged} turns acknowledged, ${replayed} answers given again, ` +
      `sessions in use at most ${slowestMs} ms later than new ones, ${faults.length} faults`,
  );
  process.exitCode = faults.length === 0 ? 0 : 1;
}
