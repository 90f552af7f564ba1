import { operations } from "./contract.ts";
import type { LogDestination } from "./gathered-lines.ts";
import type { Paint } from "./paint.ts";

type Fields = Record<string, unknown>;

const levels: readonly (readonly [from: number, word: string, shade: "bad" | "odd" | "faint"])[] = [
  [50, "ERROR", "bad"],
  [40, "WARN", "odd"],
  [0, "DEBUG", "faint"],
];
const info = 30;

/**
 * The log for eyes: a line of JSON goes in, and one that can be read at a glance comes out. It costs more than the line
 * itself did, and is for the screen of a person.
 */
export function createReadableLog(write: (text: string) => void, paint: Paint): LogDestination {
  return {
    write(line) {
      write(`${toReadable(JSON.parse(line) as Fields, paint)}\n`);
    },
  };
}

function toReadable({ level, time, msg, err, ...fields }: Fields, paint: Paint): string {
  const parts = [paint("faint", toTime(Number(time)))];
  const [, word = "", shade = "faint"] = levels.find(([from]) => Number(level) >= from) ?? [];
  if (level !== info) parts.push(paint(shade, word));
  parts.push(...(msg === "request" ? toRequestParts(fields, paint) : [toText(msg), ...toPairs(fields, paint)]));
  const stack = toStack(err);
  return parts.join(" ") + (stack === "" ? "" : `\n${stack}`);
}

/** `POST /v1/chat/completions 200 8 ms main embedded/assistant 72 tokens agent:main:k`: who wants more has JSON. */
function toRequestParts(fields: Fields, paint: Paint): string[] {
  const { operation, method, path, status, ms, agent, model, tokens, session, code, ...others } = fields;
  const { requestId, address, ...rest } = others;
  const failed = Number(status) >= 400 || code !== undefined;
  const shade = Number(status) >= 500 ? "bad" : failed ? "odd" : "good";
  return [
    toText(method),
    toPath(operation) ?? toText(path),
    paint(shade, code === undefined ? toText(status) : `${toText(status)} ${toText(code)}`),
    `${Math.round(Number(ms))} ms`,
    ...[agent, model].filter((part) => part !== undefined).map((part) => paint("strong", toText(part))),
    ...(tokens === undefined ? [] : [`${toText(tokens)} tokens`]),
    ...(session === undefined ? [] : [paint("faint", toText(session))]),
    ...toPairs({ ...rest, ...(isNear(address) ? {} : { address }), ...(failed ? { requestId } : {}) }, paint),
  ];
}

function toPath(operation: unknown): string | undefined {
  return typeof operation === "string" && Object.hasOwn(operations, operation)
    ? operations[operation as keyof typeof operations].path
    : undefined;
}

function isNear(address: unknown): boolean {
  return address === "127.0.0.1" || address === "::1";
}

function toPairs(fields: Fields, paint: Paint): string[] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${paint("faint", `${name}=`)}${toText(value)}`);
}

/** What clients say of themselves comes to a screen here, and shall neither move its cursor nor recolour it. */
function toText(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  // oxlint-disable-next-line no-control-regex -- those are what it is about
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\u{fffd}");
}

function toStack(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { stack, message } = error as { readonly stack?: unknown; readonly message?: unknown };
  const text = typeof stack === "string" ? stack : toText(message);
  return text
    .split("\n")
    .map((line) => `  ${toText(line)}`)
    .join("\n");
}

/** In the time of the person. */
function toTime(time: number): string {
  return new Date(time).toTimeString().slice(0, 8);
}
