import { type Case, defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectThat, Failure, isObject, show, Skip } from "../expect.ts";
import type { DialOptions, GatewaySocket, SeenFrame } from "../lens/gateway-socket.ts";
import { signIn } from "../lens/sign-in.ts";
import { randomUUID } from "../unique.ts";

/** Cases of the gateway protocol: they need a WebSocket, and go through it. */
export function defineSocketCases(cases: readonly Case[]): readonly Case[] {
  return defineCases(
    cases.map((one) => ({ ...one, door: "websocket", needs: ["websocket", ...(one.needs ?? [])] as const })),
  );
}

export interface SignedIn {
  readonly socket: GatewaySocket;
  readonly hello: Record<string, unknown>;
}

/** A connection that has signed in; `over` takes the place of what `connect` says otherwise. */
export async function enter(context: CaseContext, over: object = {}, options: DialOptions = {}): Promise<SignedIn> {
  const socket = await context.dial(options);
  return { socket, hello: await signIn(socket, context.subject, over) };
}

/** A name that no other run of the suite has used. */
export function toKey(label: string): string {
  return `conformance-${label}-${randomUUID()}`;
}

export interface Refusal {
  readonly code: unknown;
  readonly message: unknown;
  readonly details: Record<string, unknown>;
}

/** What a refusal says; anything else is a failure of the case. */
export function toRefusal({ ok, payload, error }: SeenFrame, what: string): Refusal {
  if (ok !== false || !isObject(error)) throw new Failure(`${what} to be refused`, show(ok === true ? payload : error));
  const { code, message, details } = error;
  expectThat(typeof code === "string" && code !== "", `${what} to be refused with a code`, error);
  expectThat(typeof message === "string" && message !== "", `${what} to be refused with a message`, error);
  return { code, message, details: isObject(details) ? details : {} };
}

/** What is asked so that a few words come back. */
export function toPrompt(context: CaseContext): string {
  return context.has("fixture") ? "@@words 5 delay=60ms" : "Reply with the words: one two three four five";
}

/** A message that is answered slowly; only for cases that need the fixture. */
export const slowPrompt = "@@words 400 delay=50ms";

/** The end of a run, as the chat tells it. */
export function waitForEnd(socket: GatewaySocket, runId: string): Promise<Record<string, unknown>> {
  return socket.until(
    () =>
      socket
        .events("chat")
        .find(({ runId: id, state }) => id === runId && ["final", "aborted", "error"].includes(String(state))),
    `the \`chat\` event that ends the run ${runId}`,
    20_000,
  );
}

/** Begins a run with `chat.send` and waits for its end, whatever it is. */
export async function say(socket: GatewaySocket, sessionKey: string, message: string): Promise<string> {
  const idempotencyKey = randomUUID();
  await socket.request("chat.send", { sessionKey, message, idempotencyKey });
  await waitForEnd(socket, idempotencyKey);
  return idempotencyKey;
}

/** The same where nothing can be said of a server whose run fails; that it does is what other cases find. */
export async function sayWell(socket: GatewaySocket, sessionKey: string, message: string): Promise<string> {
  const runId = await say(socket, sessionKey, message);
  needAnswer(await waitForEnd(socket, runId));
  return runId;
}

/** Refuses to decide what is to be looked for in an answer, if the run has failed and there is none. */
export function needAnswer({ state, errorMessage }: Readonly<Record<string, unknown>>): void {
  if (state === "error") throw new Skip(`needs an answer, and the run has failed: ${show(errorMessage)}`);
}

/** What is expected of a run that nothing was done to. */
export const runEndsWell = "a run to end without an error";

/** The text of a message, whose content is a text or a list of parts. */
export function toText(message: unknown): string {
  const content = isObject(message) ? message["content"] : message;
  if (!Array.isArray(content)) return typeof content === "string" ? content : "";
  return content.map((part) => (isObject(part) && typeof part["text"] === "string" ? part["text"] : "")).join("");
}

/** What was said in a session. */
export async function readHistory(socket: GatewaySocket, sessionKey: string): Promise<Record<string, unknown>[]> {
  const { messages } = await socket.request("chat.history", { sessionKey });
  expectThat(Array.isArray(messages), "`chat.history` to have a list `messages`", messages);
  return messages.filter(isObject);
}
