import { expect } from "vitest";
import type { Run } from "../../src/base/contract.ts";
import type { SharedGateway } from "../gateway.fixture.ts";
import type { Ask } from "../talk.fixture.ts";

export type Gateway = Pick<SharedGateway, "chat" | "request">;

/** One event as it stands on the wire. */
export interface WireEvent {
  readonly id: number | undefined;
  readonly data: string;
}

export const detach = { "x-openclaw-detach": "true" };

export function toEvents(text: string): WireEvent[] {
  return text
    .split("\n\n")
    .filter((event) => event.includes("data: "))
    .map((event) => {
      const id = /^id: (\d+)$/m.exec(event)?.[1];
      return { id: id === undefined ? undefined : Number(id), data: /^data: (.*)$/m.exec(event)?.[1] ?? "" };
    });
}

/** The text of an answer in these events. */
export function toText(events: readonly WireEvent[]): string {
  return events
    .filter(({ data }) => data !== "[DONE]")
    .map(({ data }) => {
      const { choices } = JSON.parse(data) as { choices?: { delta: { content?: string } }[] };
      return choices?.[0]?.delta.content ?? "";
    })
    .join("");
}

export function ask(content: string, { body, headers }: Ask = {}): [body: object, headers: Record<string, string>] {
  return [{ model: "openclaw", messages: [{ role: "user", content }], ...body }, headers ?? {}];
}

export function toRunId({ headers }: Response): string {
  const id = headers.get("x-openclaw-run-id");
  if (id === null) throw new Error("The answer names no run.");
  return id;
}

/** Reads a stream until there are so many events, and leaves it there. */
export async function readSome(response: Response, count: number): Promise<WireEvent[]> {
  return toEvents(await readBytes(response, count)).slice(0, count);
}

/** The same as the bytes of whole events, so many or some more. */
export async function readBytes(response: Response, count: number): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (countEvents(text) < count) {
    const piece = await reader?.read();
    if (piece === undefined || piece.done) throw new Error(`The stream ended: ${text.slice(-300)}`);
    text += piece.value;
  }
  await reader?.cancel();
  return toWhole(text);
}

const toWhole = (text: string): string => text.slice(0, text.lastIndexOf("\n\n") + 2);
const countEvents = (text: string): number => toEvents(toWhole(text)).length;

export async function readEvents(gateway: Gateway, id: string, after = 0): Promise<WireEvent[]> {
  const response = await gateway.request(`/v1/runs/${id}/events?after=${after}`);
  expect(response.status).toBe(200);
  return toEvents(await response.text());
}

export async function findRun(gateway: Gateway, id: string): Promise<Run> {
  const response = await gateway.request(`/v1/runs/${id}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Run;
}

export async function untilState(gateway: Gateway, id: string, state: Run["state"]): Promise<Run> {
  await expect.poll(async () => (await findRun(gateway, id)).state, { interval: 10, timeout: 15_000 }).toBe(state);
  return findRun(gateway, id);
}

/** The code that a refusal has. */
export async function codeOf(response: Response): Promise<[status: number, code: string]> {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code];
}
