import type { CaseContext } from "../context.ts";
import { expectThat, isObject } from "../expect.ts";
import { toText } from "../lens/stream.ts";
import { expectStream, toContent } from "./sdk-answer.ts";
import { parseJson } from "./tools-calls.ts";
import { randomUUID } from "../unique.ts";

/** Who calls: the fields and headers that decide on the session. */
export interface Caller {
  readonly user?: string;
  /** The header `x-openclaw-session-key`. */
  readonly key?: string;
  /** The header `x-openclaw-agent-id`. */
  readonly agent?: string;
  readonly fields?: object;
  readonly stream?: boolean;
}

/** A name that no other run of the suite has used: subjects may remember for years. */
export function toName(label: string): string {
  return `${label}-${randomUUID()}`;
}

export function toHeaders({ key, agent }: Caller): Record<string, string> {
  return {
    ...(key === undefined ? {} : { "x-openclaw-session-key": key }),
    ...(agent === undefined ? {} : { "x-openclaw-agent-id": agent }),
  };
}

export function toBody(context: CaseContext, caller: Caller, text: string): object {
  const { user, fields } = caller;
  return { ...context.say(text), ...(user === undefined ? {} : { user }), ...fields };
}

/** One turn; returns what was answered. */
export async function tell(context: CaseContext, caller: Caller, text: string): Promise<string> {
  const body = toBody(context, caller, text);
  const request = { headers: toHeaders(caller) };
  if (caller.stream !== true) return toContent(await context.chat(body, request), show(caller));
  const reading = await context.stream(body, request);
  expectStream(reading, show(caller));
  return toText(reading);
}

/** Tells the session a word that only this case knows, and returns the word. */
export async function tellWord(context: CaseContext, caller: Caller): Promise<string> {
  const word = `kumquat${randomUUID().slice(0, 8)}`;
  await tell(context, caller, `Please remember that the code word is ${word}.`);
  return word;
}

/** Whether the session knows the word: the fixture shows what its model receives, any other model is asked. */
export async function knows(context: CaseContext, caller: Caller, word: string): Promise<boolean> {
  const question = context.has("fixture") ? "@@messages" : "What is the code word? Answer with it alone.";
  return (await tell(context, caller, question)).includes(word);
}

export async function expectKnown(context: CaseContext, caller: Caller, word: string, what: string): Promise<void> {
  expectThat(await knows(context, caller, word), `${what} to remember the earlier call`, "it does not");
}

export async function expectUnknown(context: CaseContext, caller: Caller, word: string, what: string): Promise<void> {
  expectThat(!(await knows(context, caller, word)), `${what} to know nothing of the earlier call`, "it does");
}

export interface SeenMessage {
  readonly role: unknown;
  readonly content: unknown;
}

/** The messages that the fixture's model receives, without the instructions and without this question. */
export async function askMessages(context: CaseContext, caller: Caller): Promise<SeenMessage[]> {
  const value = parseJson(await tell(context, caller, "@@messages"));
  expectThat(Array.isArray(value), "@@messages to say a list", value);
  const seen = value.filter(isObject).map(({ role, content }) => ({ role, content }));
  return seen.slice(0, -1);
}

function show({ user, key, agent }: Caller): string {
  const parts = Object.entries({ user, key, agent }).filter(([, value]) => value !== undefined);
  return `the call with ${parts.map(([name, value]) => `${name} ${JSON.stringify(value)}`.slice(0, 80)).join(", ") || "no session"}`;
}
