import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { plain } from "../tell/paint.ts";
import { Unreachable } from "../reach/probe.ts";
import type { Terminal } from "../terminal.ts";
import { type Ready, waitForSubject } from "./wait-for-subject.ts";

interface Waited {
  readonly ready: Ready | Error;
  /** What a person is told, and what is on the last line of a screen. */
  readonly notes: string;
  readonly shown: string;
}

async function waitFor(listener: RequestListener, interactive = false): Promise<Waited> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  let [notes, shown] = ["", ""];
  const terminal: Terminal = {
    environment: { TERM: "xterm" },
    cwd: import.meta.dirname,
    print: () => undefined,
    write: (text) => void (shown += text),
    note: (text) => void (notes += `${text}\n`),
    paint: { print: plain, note: plain },
    interactive,
    fail: () => undefined,
  };
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const subject = { baseUrl, apiKey: "", model: "m", profile: "chat" } as const;
  const target = { subject, waitMs: 0, ended: new Promise<never>(() => undefined) };
  const options = { terminal, silentMsMax: 800, toldEveryMs: 100 };
  const ready = await waitForSubject(target, options).catch((error: unknown) => error as Error);
  return { ready, notes, shown };
}

test("a server that takes connections and says nothing is given up, and until then it is said what is waited for", async () => {
  const { ready, notes, shown } = await waitFor(() => undefined);
  expect(ready).toBeInstanceOf(Unreachable);
  expect((ready as Error).message).toMatch(
    /^nothing answers at \S+: it took .* within 800 ms; --timeout gives it more$/,
  );
  expect(notes).toMatch(/^Waiting for an answer from http:\S+\/v1, for \d+ ms now\.$/m);
  expect(shown).toBe("");
});

test("on a terminal its last line says it, and nothing is left of it", async () => {
  const { notes, shown } = await waitFor(() => undefined, true);
  expect(notes).toBe("");
  expect(shown).toContain("\r\u001b[KWaiting for an answer from http:");
  expect(shown.endsWith("\r\u001b[K")).toBe(true);
});

test("a slow model behind a server that is there is waited for and measured", async () => {
  const slow: RequestListener = (request, response) => {
    const message = { role: "assistant", content: "one" };
    const body = JSON.stringify({ choices: [{ message }] });
    const answer = (): void => void response.writeHead(200, { "content-type": "application/json" }).end(body);
    request.resume();
    if (request.method === "POST") setTimeout(answer, 1000);
    else answer();
  };
  const { ready } = await waitFor(slow);
  expect(ready).toMatchObject({ pace: { why: expect.stringMatching(/^a plain answer took [1-9]/) as string } });
});
