import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import type { AssistantMessage, Message } from "../../src/base/contract.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { hold, say, toLine, untilLive } from "../talk.fixture.ts";

// Sessions as a client may use them, in any order, held against a model of a session that is a list of lines.

interface Call {
  readonly messages: readonly Message[];
  readonly stream: boolean;
  readonly answer: string;
}

/** What a session shall hold: questions and answers by turns. */
interface Expected {
  readonly turns: { readonly question: string; readonly answer: string }[];
  /** The call that was answered last, unless something has come after it. */
  last: Call | undefined;
}

interface Model {
  readonly sessions: Map<string, Expected>;
}

interface Real {
  gateway: TestGateway;
  readonly stateFolder: string;
  /** Sets the sessions of one run apart from those of the others. */
  run: string;
}

type Command = fc.AsyncCommand<Model, Real>;

const names = ["a", "b", "c"] as const;
const nameOf = fc.constantFrom(...names);
const config = { gateway: { http: { endpoints: { sessions: { enabled: true } } } } };
let words = 0;

const user = (content: string): Message => ({ role: "user", content });
const assistant = (content: string): AssistantMessage => ({ role: "assistant", content });

function toHistory({ turns }: Expected): Message[] {
  return turns.flatMap(({ question, answer }) => [user(question), assistant(answer)]);
}

/** A question that nobody has asked before, and its answer. */
function ask(): { readonly question: string; readonly answer: string } {
  const answer = `word ${++words}`;
  return { question: `@@echo ${answer}`, answer };
}

const headersOf = (real: Real, name: string) => ({ "x-openclaw-session-key": `${real.run}-${name}` });

function expectedOf({ sessions }: Model, name: string): Expected {
  const known = sessions.get(name);
  if (known !== undefined) return known;
  const fresh: Expected = { turns: [], last: undefined };
  sessions.set(name, fresh);
  return fresh;
}

async function send(real: Real, name: string, { messages, stream, answer }: Call, again = false): Promise<void> {
  const headers = { ...headersOf(real, name), ...(again ? { "x-stainless-retry-count": "1" } : {}) };
  const talk = await say(real.gateway, messages, { body: { stream }, headers });
  expect([talk.error, talk.text]).toEqual([undefined, answer]);
  expect(talk.headers.get("x-clawgate-replayed")).toBe(again ? "true" : null);
}

/** Holds what the gateway tells of one session against the model. */
async function check(model: Model, real: Real, name: string): Promise<void> {
  const path = `/v1/sessions/${encodeURIComponent(`agent:main:${real.run}-${name}`)}/messages?limit=100`;
  const response = await real.gateway.request(path);
  const expected = model.sessions.get(name);
  expect(response.status).toBe(expected === undefined ? 404 : 200);
  if (expected === undefined) return;
  const { data } = (await response.json()) as { readonly data: readonly { readonly message: Message }[] };
  expect(data.map(({ message }) => toLine(message))).toEqual(toHistory(expected).map(toLine));
}

/** A command as fast-check wants it, which looks at its session afterwards. */
function toCommand(what: string, name: string, run: (model: Model, real: Real) => Promise<void>): Command {
  return {
    check: () => true,
    async run(model, real) {
      await run(model, real);
      await check(model, real, name);
    },
    toString: () => `${what}(${name})`,
  };
}

/** How a client tells its question: alone, behind all that was said, or behind the first so many turns of it. */
const talk = fc
  .record({ name: nameOf, stream: fc.boolean(), told: fc.constantFrom("new", "whole", "cut"), keep: fc.nat(5) })
  .map(({ name, stream, told, keep }) =>
    toCommand(`say ${told}${stream ? " streamed" : ""}`, name, async (model, real) => {
      const expected = expectedOf(model, name);
      const turn = ask();
      if (told === "cut" && expected.turns.length > keep) {
        // Without an answer in it, it would be new and no history.
        expected.turns.splice(Math.max(1, keep));
      }
      const history = told === "new" ? [] : toHistory(expected);
      const call = { messages: [...history, user(turn.question)], stream, answer: turn.answer };
      await send(real, name, call);
      expected.turns.push(turn);
      expected.last = call;
    }),
  );

const sayAgain = nameOf.map((name) =>
  toCommand("sent again", name, async (model, real) => {
    const last = model.sessions.get(name)?.last;
    if (last !== undefined) await send(real, name, last, true);
  }),
);

const leave = nameOf.map((name) =>
  toCommand("leave", name, async (model, real) => {
    const { leave: go } = await hold(real.gateway, { headers: headersOf(real, name) });
    await go();
    await untilLive(real.gateway, 0);
  }),
);

const fail = fc.record({ name: nameOf, stream: fc.boolean() }).map(({ name, stream }) =>
  toCommand("fail", name, async (model, real) => {
    const { error } = await say(real.gateway, "@@fail after=1", { body: { stream }, headers: headersOf(real, name) });
    expect(error?.code).toBe("upstream_error");
  }),
);

const together = fc.record({ name: nameOf, count: fc.integer({ min: 2, max: 4 }) }).map(({ name, count }) =>
  toCommand(`${count} at once`, name, async (model, real) => {
    const expected = expectedOf(model, name);
    const turns = Array.from({ length: count }, ask);
    const calls = turns.map(({ question, answer }, index) => ({
      messages: [user(question)],
      stream: index % 2 === 0,
      answer,
    }));
    // A connection each, so that no order is promised; the session's own order is taken over.
    await Promise.all(calls.map((call) => send(real, name, call)));
    const path = `/v1/sessions/${encodeURIComponent(`agent:main:${real.run}-${name}`)}/messages?limit=100`;
    const { data } = (await (await real.gateway.request(path)).json()) as { readonly data: { message: Message }[] };
    const lines = data.map(({ message }) => toLine(message));
    const place = ({ question }: { readonly question: string }): number => lines.indexOf(`user: ${question}`);
    expected.turns.push(...turns.toSorted((left, right) => place(left) - place(right)));
    expected.last = undefined;
  }),
);

const remove = nameOf.map((name) =>
  toCommand("delete", name, async ({ sessions }, real) => {
    const path = `/v1/sessions/${encodeURIComponent(`agent:main:${real.run}-${name}`)}`;
    const { status } = await real.gateway.request(path, { method: "DELETE" });
    expect(status).toBe(sessions.has(name) ? 200 : 404);
    sessions.delete(name);
  }),
);

const reset = nameOf.map((name) =>
  toCommand("reset", name, async ({ sessions }, real) => {
    const path = `/v1/sessions/${encodeURIComponent(`agent:main:${real.run}-${name}`)}/reset`;
    const { status } = await real.gateway.request(path, { method: "POST" });
    const expected = sessions.get(name);
    expect(status).toBe(expected === undefined ? 404 : 200);
    expected?.turns.splice(0);
    if (expected !== undefined) expected.last = undefined;
  }),
);

const restart = nameOf.map((name) =>
  toCommand("restart", name, async (_, real) => {
    await real.gateway.stop();
    real.gateway = await startTestGateway({ stateFolder: real.stateFolder, config });
  }),
);

export interface CheckOptions {
  readonly runs: number;
  readonly commands: number;
  /** Of the sequences; without it, others each time. */
  readonly seed?: number;
}

/** Plays so many random sequences on one gateway, which is restarted among them. Rejects with the shortest that fails. */
export async function checkSessions({ runs, commands, ...given }: CheckOptions): Promise<void> {
  const stateFolder = mkdtempSync(join(tmpdir(), "clawgate-commands-"));
  const gateway = await startTestGateway({ stateFolder, config });
  const real: Real = { gateway, stateFolder, run: "" };
  let run = 0;
  const sequence = fc.commands([talk, talk, talk, sayAgain, leave, fail, together, remove, reset, restart], {
    maxCommands: commands,
    size: "max",
  });
  try {
    await fc.assert(
      fc.asyncProperty(sequence, async (played) => {
        real.run = `r${++run}`;
        const model: Model = { sessions: new Map() };
        await fc.asyncModelRun(() => ({ model, real }), played);
        for (const name of names) await check(model, real, name);
      }),
      { numRuns: runs, endOnFailure: false, ...given },
    );
  } finally {
    await real.gateway.stop();
    rmSync(stateFolder, { recursive: true, force: true });
  }
}
