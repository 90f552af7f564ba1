import { once } from "node:events";
import { join } from "node:path";
import fc from "fast-check";
import { createPlace, usual } from "./command.fixture.ts";
import { startProcess } from "./process.fixture.ts";
import { testToken } from "./gateway.fixture.ts";

/** A gateway in a process of its own, whose event loop is watched. */
export interface WatchedGateway {
  /** Sends a body; resolves to the status, and to the longest time that the loop stood still meanwhile, in ms of CPU. */
  readonly measure: (body: object, headers?: Record<string, string>) => Promise<Measured>;
}

export interface Measured {
  readonly status: number;
  readonly ms: number;
}

const probe = join(import.meta.dirname, "loop-probe.ts");

/** Ended when the test is finished. `config` stands over the usual one. */
export async function startWatched(config: object = {}): Promise<WatchedGateway> {
  const environment = { OPENCLAW_GATEWAY_TOKEN: testToken, NODE_OPTIONS: `--import=${probe}` };
  // A machine that is busy with other things would make it refuse what shall be measured.
  const gateway = { ...usual.gateway, limits: { loopDelayMs: 0 } };
  const running = await startProcess(createPlace({ config: { ...usual, gateway, ...config }, environment }));
  const { stdout } = running.process;
  if (stdout === null) throw new Error("no output");
  const readLongest = async (): Promise<number> => {
    const from = running.output().length;
    running.process.kill("SIGUSR2");
    for (;;) {
      const ms = /stood still for ([\d.]+) ms/.exec(running.output().slice(from))?.[1];
      if (ms !== undefined) return Number(ms);
      // oxlint-disable-next-line no-await-in-loop -- the output comes in pieces
      await once(stdout, "data");
    }
  };
  const send = async (body: object, headers: Record<string, string>): Promise<number> => {
    const { status } = await running.chat(body, headers).then(async (response) => {
      await response.arrayBuffer();
      return response;
    });
    return status;
  };
  // What runs for the first time takes longer.
  for (const body of [ask("hi"), ask("what is my name"), askFor({ properties: { a: { pattern: "^[ab]c" } } })])
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await send({ ...body, user: "first" }, {});
  return {
    async measure(body, headers = {}) {
      await readLongest();
      const status = await send(body, headers);
      return { status, ms: await readLongest() };
    },
  };
}

export function ask(text: string, more: object = {}): object {
  return { model: "openclaw", messages: [{ role: "user", content: text }], ...more };
}

export function askFor(schema: object, text = "x"): object {
  return ask(text, { response_format: { type: "json_schema", json_schema: { name: "any", schema } } });
}

export function list<T>(length: number, item: (at: number) => T): T[] {
  return Array.from({ length }, (_, at) => item(at));
}

export function named(length: number, schema: (at: number) => unknown): Record<string, unknown> {
  return Object.fromEntries(list(length, (at) => [`p${at}`, schema(at)]));
}

/** So many of them as make the JSON about so long. */
export function fill<T>(units: number, item: (at: number) => T, most = 90_000): T[] {
  const one = JSON.stringify(item(1_000)).length + 8;
  return list(Math.max(1, Math.min(Math.floor(units / one), most)), item);
}

const toProperties = (schemas: readonly unknown[]): object =>
  Object.fromEntries(schemas.map((one, at) => [`p${at}`, one]));
const part = { $ref: "#/$defs/part" };

/** Whether it is at most so long as JSON, without writing all of what is longer. What occurs often in it is written as often. */
export function isWithin(value: unknown, units: number): boolean {
  let left = units;
  const take = (given: unknown): boolean => {
    left -= typeof given === "string" ? JSON.stringify(given).length : 4;
    if (left < 0 || typeof given !== "object" || given === null) return left >= 0;
    return Object.entries(given).every(([name, inner]) => {
      if (!Array.isArray(given)) left -= name.length + 4;
      return take(inner);
    });
  };
  return take(value);
}

/** A small schema of any kind, which refers to itself and to another. */
const { schema: anySmallSchema } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<object>(
      part,
      { type: "integer" },
      { type: "number", multipleOf: 0.3, minimum: 1e9 },
      { type: "string", minLength: 9_999 },
      { type: "string", minLength: 500, pattern: `${"[a-z]".repeat(99)}x*` },
      { type: "string", pattern: "^(a+)+$" },
      { type: "string", pattern: "\\p{L}".repeat(99) },
      { type: "string", examples: list(500, Number) },
      { const: "x".repeat(5_000) },
      { enum: list(999, (at) => `${"x".repeat(20)}${at}`) },
      { type: list(999, String) },
      { minProperties: 999 },
    ),
    fc.record({
      type: fc.constant("array"),
      minItems: fc.constantFrom(3, 1_000),
      uniqueItems: fc.boolean(),
      items: tie("schema"),
    }),
    fc.record({
      type: fc.constant("object"),
      properties: tie("schema").map((one) => named(20, () => one)),
      required: fc.constantFrom([], ["p1", "p9"]),
    }),
    tie("schema").map((one) => ({ allOf: list(30, () => one) })),
    tie("schema").map((one) => ({ anyOf: list(30, () => one) })),
    fc.tuple(tie("schema"), tie("schema")).map((both) => ({ allOf: both })),
  ),
}));

const smallSchema = anySmallSchema.filter((schema) => isWithin(schema, 10_000_000));

/** What makes patterns and loops of text work. */
const text = fc.constantFrom(
  ...' |\n|my a is |<a |</a>|<!--|...|"|```|> |the is |@@|,|{|[|\u{1F600}|user: |=|x'.split("|"),
);

/** A hostile body of about so many bytes. */
export function hostileBodies(units: number): fc.Arbitrary<object> {
  const texts = text.map((one) => one.repeat(Math.floor(units / one.length)));
  const schemas = fc.tuple(smallSchema, smallSchema, fc.constantFrom(1, 8, 64)).map(([one, other, share]) => {
    const many = fill(units / share, () => one);
    return { type: "object", properties: toProperties(many), $defs: { part: other } };
  });
  const messages = fc.tuple(text, fc.constantFrom(1, 20, 500, 2_000), fc.boolean()).map(([one, count, isTalk]) =>
    list(count, (at) => ({
      role: isTalk && at % 2 === 1 ? "assistant" : "user",
      content: one.repeat(Math.max(1, Math.floor(units / count / one.length))),
    })),
  );
  const last = fc.constantFrom("what is my name", "what have we talked about", "hello", "say that again", "2 + 2");
  const tool = (parameters: object): object => ({ type: "function", function: { name: "find", parameters } });
  return fc
    .oneof(
      fc.tuple(schemas, text).map(([schema, hint]) => askFor(schema, hint.repeat(5_000))),
      fc
        .tuple(schemas, fc.constantFrom("required", "auto"))
        .map(([schema, choice]) =>
          ask(`call find with ${JSON.stringify(named(900, () => 1))}`, { tools: [tool(schema)], tool_choice: choice }),
        ),
      fc.tuple(smallSchema, fc.nat(20)).map(([one, keep]) => {
        const enums = [fill(units / 2, (at) => `a${at}`, 45_000), fill(units / 2, (at) => `b${at}`, 45_000)];
        return askFor({
          allOf: [one, ...enums.map((values) => ({ enum: ["c", ...values].slice(0, keep < 2 ? keep : undefined) }))],
        });
      }),
      texts.map((content) => ask(content)),
      texts.map((content) => ask(`repeat: ${content}`)),
      texts.map((content) => ask(`repeat: ${"a".repeat(9_000)}`, { stop: [content.slice(0, units / 2), "aaaaaaaab"] })),
      texts.map((content) => ask(`@@echo ${content}`)),
      texts.map((content) => ask(`@@words 1 ${content}`)),
      fc.tuple(messages, last, fc.option(fc.uuid())).map(([earlier, question, user]) => ({
        model: "openclaw",
        messages: [...earlier, { role: "user", content: question }],
        ...(user === null ? {} : { user }),
      })),
      fc.tuple(text, fc.constantFrom(10, 900)).map(([one, count]) => {
        const calls = list(count, (at) => ({
          id: `c${at % 7}`,
          type: "function",
          function: { name: "f", arguments: "{}" },
        }));
        const results = list(count, (at) => ({
          role: "tool",
          tool_call_id: `c${at % 7}`,
          content: `{"a":[${one.repeat(units / count / one.length)}`,
        }));
        return {
          model: "openclaw",
          messages: [
            { role: "user", content: "x" },
            { role: "assistant", content: null, tool_calls: calls },
            ...results,
          ],
        };
      }),
      fc.constantFrom("{},", "0,", '"a",', "[[]],").map((one) => ({
        model: "openclaw",
        user: "arguments",
        messages: [
          { role: "user", content: "x" },
          {
            role: "assistant",
            content: null,
            tool_calls: [
              { id: "c", type: "function", function: { name: "f", arguments: `[${one.repeat(units / one.length)}0]` } },
            ],
          },
          { role: "tool", tool_call_id: "c", content: `{"a":[${one.repeat(units / one.length)}0]}` },
        ],
      })),
      // More names alone take V8 longer to parse than anything that is done with them.
      fc.constant({ ...ask("x"), ...named(Math.min(units / 25, 40_000), () => 1) }),
    )
    .map((body) => withBriefName({ ...body }, () => brief(body)));
}

/** A megabyte of counterexample is read by nobody. */
export function brief(body: object): string {
  const shorten = (_: string, value: unknown): unknown =>
    typeof value === "string" ? value.slice(0, 30) : Array.isArray(value) ? value.slice(0, 2) : value;
  return JSON.stringify(body, shorten).slice(0, 800);
}

/** The same, with a name for when it is a counterexample. */
export function withBriefName<T extends object>(hostile: T, toName: () => string): T {
  return Object.defineProperty(hostile, fc.toStringMethod, { value: toName });
}
