import { expect, vi } from "vitest";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { say, type Talk } from "../talk.fixture.ts";
import { type Fault, type FaultServer, startFaultServer, toAnswer } from "./servers/fault.fixture.ts";

export const upstreamKey = "sk-upstream-0123456789";
export const modes = [
  { mode: "whole", stream: false },
  { mode: "streamed", stream: true },
] as const;

export interface UpstreamTest {
  readonly upstream: FaultServer;
  readonly gateway: TestGateway;
  /** One turn of a session; whole and streamed ones have a session each. */
  readonly ask: (text: string, stream: boolean, session?: string) => Promise<Talk>;
}

/** A gateway whose agents' model is behind this fault. `more` is added to the provider's configuration. */
export async function startUpstreamTest(fault: Fault, more: object = {}): Promise<UpstreamTest> {
  const upstream = await startFaultServer(fault);
  const gateway = await startTestGateway({ config: toConfig(upstream.baseUrl, more) });
  return { upstream, gateway, ask: createAsk(gateway) };
}

export function toConfig(baseUrl: string, more: object = {}): object {
  return {
    models: { providers: { lab: { api: "openai-completions", baseUrl, apiKey: upstreamKey, ...more } } },
    agents: { defaults: { model: "lab/m" } },
  };
}

export function createAsk(gateway: Pick<TestGateway, "chat">): UpstreamTest["ask"] {
  return (text, stream, session = String(stream)) =>
    say(gateway, text, { body: { stream }, headers: { "x-openclaw-session-key": session } });
}

/**
 * After a failure: the connection to the upstream is closed, the session is free and has nothing of the failed turn,
 * the gateway lives.
 */
export async function assertRecovered({ upstream, gateway, ask }: UpstreamTest, stream: boolean): Promise<void> {
  await vi.waitFor(() => expect(upstream.open).toBe(0), { interval: 5, timeout: 60_000 });
  upstream.fault = (socket) => socket.write(toAnswer("good"));
  expect(await ask("again", stream)).toMatchObject({ status: 200, text: "good", finishReason: "stop" });
  expect(upstream.calls.at(-1)?.messages).toEqual([{ role: "user", content: "again" }]);
  expect((await gateway.request("/healthz")).status).toBe(200);
}

/** Nothing of the upstream is in what the client is told, and nothing of its words in the log. */
export function assertNoLeak(
  { upstream, gateway }: UpstreamTest,
  { error, headers }: Talk,
  secret = "upstream-secret",
): void {
  const told = JSON.stringify([error, ...headers]);
  // The log may know where, but not what.
  for (const hidden of [upstreamKey, secret]) expect(JSON.stringify(gateway.log)).not.toContain(hidden);
  for (const hidden of [
    upstreamKey,
    secret,
    `127.0.0.1:${upstream.port}`,
    "localhost",
    "ECONN",
    "UND_ERR",
    "node_modules",
  ]) {
    expect(told).not.toContain(hidden);
  }
}
