import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "./program.fixture.ts";
import type { Exchange } from "./recorder.fixture.ts";

type Body = Readonly<Record<string, unknown>>;

export interface RecordedRequest {
  /** Those that the client alone sends. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

/** What a client sent in two conversations: a question to the built-in assistant, and a task for a model with tools. */
export interface Recording {
  readonly package: string;
  readonly question: readonly RecordedRequest[];
  readonly task: readonly RecordedRequest[];
}

/** As it stands in the file: lists of tools once, and not with each request. */
interface Written extends Recording {
  readonly tools: readonly unknown[];
}

function toFile(name: string): URL {
  return new URL(`recorded/${name}.json`, import.meta.url);
}

export function readRecording(name: string): Recording {
  const { tools, ...recording } = JSON.parse(readFileSync(toFile(name), "utf8")) as Written;
  const fill = (request: RecordedRequest): RecordedRequest => {
    const { tools: at, ...body } = request.body;
    return typeof at === "number" ? { ...request, body: { ...body, tools: tools[at] } } : request;
  };
  return { ...recording, question: recording.question.map(fill), task: recording.task.map(fill) };
}

/** Writes down one of the conversations; the other stays as it is. */
export function writeRecording(
  name: string,
  version: string,
  conversation: "question" | "task",
  exchanges: readonly Exchange[],
  home: Home,
): void {
  const before = existsSync(toFile(name)) ? readRecording(name) : { question: [], task: [] };
  const requests = exchanges.map(({ headers, body }) => ({
    headers: toOwnHeaders(headers),
    body: shorten(body, home),
  }));
  const recording = { ...before, [conversation]: requests };
  const tools: string[] = [];
  const pack = (request: RecordedRequest): RecordedRequest => {
    const { tools: list, ...body } = request.body;
    if (list === undefined) return request;
    const text = JSON.stringify(list);
    if (!tools.includes(text)) tools.push(text);
    return { ...request, body: { ...body, tools: tools.indexOf(text) } };
  };
  const written: Written = {
    package: version,
    question: recording.question.map(pack),
    task: recording.task.map(pack),
    tools: tools.map((text): unknown => JSON.parse(text)),
  };
  writeFileSync(toFile(name), `${JSON.stringify(written, null, 1)}\n`);
}

const usual =
  /^(?:host|connection|authorization|content-(?:length|type)|accept(?:-.+)?|sec-fetch-mode|transfer-encoding)$/;

function toOwnHeaders(headers: Exchange["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([key, value]) => (usual.test(key) ? [] : [[key, String(value)]])),
  );
}

/** Instructions and the descriptions of tools say nothing to a gateway, and are their authors' own: of each the beginning. */
const opening = 80;
/** Of a text of the user's what stands at either end, where clients wrap it. */
const ends = 200;

function shorten(body: Body, home: Home): Body {
  const plain = JSON.parse(withoutPlace(JSON.stringify(body), home)) as Body & { messages?: readonly Body[] };
  const { messages = [], ...others } = plain;
  return {
    ...(walk(others, (key, text) => (/^(?:description|title|\$?comment)$/.test(key) ? toOpening(text) : text)) as Body),
    messages: messages.map((message) =>
      walk(message, (_, text) =>
        /^(?:system|developer)$/.test(String(message["role"])) ? toOpening(text) : toEnds(text),
      ),
    ),
  };
}

function withoutPlace(text: string, { folder }: Home): string {
  return text
    .replaceAll(folder, "/home/user")
    .replaceAll(join(import.meta.dirname, "../../.."), "/checkout")
    .replaceAll(/host=[\w.-]+/g, "host=machine")
    .replaceAll(/\b(Linux|linux) \d[\w.-]+/g, "$1");
}

function toOpening(text: string): string {
  return text.length > opening ? `${text.slice(0, opening).toWellFormed()}…` : text;
}

function toEnds(text: string): string {
  return text.length > 3 * ends
    ? `${text.slice(0, ends).toWellFormed()}\n…\n${text.slice(-ends).toWellFormed()}`
    : text;
}

function walk(value: unknown, change: (key: string, text: string) => string, key = ""): unknown {
  if (typeof value === "string") return change(key, value);
  if (Array.isArray(value)) return value.map((one) => walk(one, change, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, walk(one, change, name)]));
}
