import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../src/base/contract.ts";
import { GatewayError } from "../../src/base/errors.ts";
import { createBrake } from "../../src/base/listener.ts";
import type { ModelEvent, Provider } from "../../src/model/model.ts";
import { isSoon } from "../soon.fixture.ts";
import {
  createProvider,
  observe,
  type Outcome,
  type RemoteSubject,
  remoteSubjects,
  startRemote,
  toModelRequest,
  upstreamKey,
} from "./provider-subjects.fixture.ts";
import { type Script, upstreamSecret } from "./servers/script.fixture.ts";
import { startUpstream, type Upstream, type UpstreamRequest } from "./servers/upstream.fixture.ts";

const prompt = "a-very-private-prompt";
const left = new Error("client left");

/** What each status means, and how often the provider is asked. */
const statuses: readonly (readonly [status: number, code: ErrorCode, asked: number])[] = [
  [301, "upstream_rejected", 1],
  [400, "upstream_rejected", 1],
  [401, "upstream_rejected", 1],
  [403, "upstream_rejected", 1],
  [404, "upstream_rejected", 1],
  [408, "upstream_timeout", 2],
  [409, "upstream_error", 2],
  [413, "upstream_rejected", 1],
  [422, "upstream_rejected", 1],
  [429, "rate_limit_exceeded", 2],
  [500, "upstream_error", 2],
  [502, "upstream_error", 2],
  [503, "upstream_unavailable", 2],
  [504, "upstream_timeout", 1],
  [529, "upstream_unavailable", 2],
];

describe.concurrent.each(remoteSubjects)("the provider $api", (subject: RemoteSubject) => {
  const ask = (provider: Provider): Promise<Outcome> => observe(provider, toModelRequest(subject.model, prompt));

  it.each(statuses)("says of a %i that it is %s, and asks %i times in all", async (status, code, asked) => {
    const { provider, upstream } = await startRemote(subject, [
      { status, retryAfter: 0, headers: { location: "http://127.0.0.1:9/v1/elsewhere" } },
    ]);
    const { events, error } = await ask(provider);
    expect(error).toMatchObject({ name: "GatewayError", code });
    expect({ events, asked: upstream.requests.length }).toEqual({ events: [], asked });
    assertNoLeak(error, upstream.baseUrl);
  });

  it("is content with an error that has no body worth reading", async () => {
    for (const body of ["", "<html>Bad gateway</html>", "x".repeat(200_000)]) {
      const { provider } = await startRemote(subject, [{ status: 400, body }]);
      expect((await ask(provider)).error).toMatchObject({ code: "upstream_rejected" });
    }
  });

  it("answers when the second attempt succeeds", async () => {
    const { provider, upstream } = await startRemote(subject, (_, count): Script =>
      count === 0 ? [{ status: 429, retryAfter: 0 }] : [{ text: "at last" }],
    );
    expect(await ask(provider)).toMatchObject({ text: "at last", finishReason: "stop", error: undefined });
    expect(upstream.requests).toHaveLength(2);
    expect(upstream.requests[1]?.body).toEqual(upstream.requests[0]?.body);
  });

  it("does not ask again when it would have to wait longer than a client likes, and says how long", async () => {
    const { provider, upstream } = await startRemote(subject, [{ status: 429, retryAfter: 20 }]);
    expect((await ask(provider)).error).toMatchObject({ code: "rate_limit_exceeded", retryAfterSeconds: 20 });
    expect(upstream.requests).toHaveLength(1);
  });

  it("asks once more when the connection is reset before the answer", async () => {
    const { provider, upstream } = await startRemote(subject, (_, count): Script =>
      count === 0 ? [{ reset: true }] : [{ text: "at last" }],
    );
    expect(await ask(provider)).toMatchObject({ text: "at last", error: undefined });
    expect(upstream.requests).toHaveLength(2);
  });

  it("says that a server that is not there cannot be reached", async () => {
    const upstream = await startUpstream(subject.vendor, []);
    await upstream.stop();
    const provider = await createProvider({ api: subject.api, baseUrl: upstream.baseUrl, apiKey: upstreamKey });
    const { error } = await ask(provider);
    expect(error).toMatchObject({ code: "upstream_error", message: "The model provider cannot be reached." });
    expect((error as Error).message).not.toContain("127.0.0.1");
  });

  it.each<[what: string, script: Script]>([
    ["a reset after the headers", [{ accept: true }, { pauseMs: 20 }, { reset: true }]],
    ["a reset", [{ text: "so far" }, { pauseMs: 20 }, { reset: true }]],
    ["an end without an end", [{ text: "so far" }, { cut: true }]],
    ["a body without anything", [{ cut: true }]],
    ["an error in its first event", [{ error: {} }]],
    ["an error in the stream", [{ text: "so far" }, { error: {} }]],
    ["something that is no JSON", [{ text: "so far" }, { raw: "data: {nonsense\n\n" }]],
    ["an event that is nothing it knows", [{ text: "so far" }, { raw: "data: 42\n\n" }]],
  ])("never asks again after %s", async (_, script) => {
    const { provider, upstream } = await startRemote(subject, script);
    const { error } = await ask(provider);
    expect(error).toMatchObject({ name: "GatewayError", code: "upstream_error" });
    expect(upstream.requests).toHaveLength(1);
    assertNoLeak(error, upstream.baseUrl);
  });

  it("does not read an answer without end", async () => {
    const line = `: ${"x".repeat(256 * 1024)}\n\n`;
    const { provider } = await startRemote(
      subject,
      Array.from({ length: 200 }, () => ({ raw: line })),
    );
    expect((await ask(provider)).error).toMatchObject({
      code: "upstream_error",
      message: "The model's answer is too large.",
    });
  });

  it("holds the model up when its reader is slow", async () => {
    const steps = 400;
    const { provider, upstream } = await startRemote(
      subject,
      Array.from({ length: steps }, () => ({ text: "x".repeat(64 * 1024) })),
    );
    const flow = createBrake();
    const controller = new AbortController();
    const holdMs = 300;
    let said = 0;
    let saidWhileHeld = 0;
    let stepsWhileHeld = Infinity;
    const { error } = await observe(provider, toModelRequest(subject.model), {
      flow,
      signal: controller.signal,
      onEvent({ type }) {
        if (type !== "text-delta") return;
        said += 1;
        if (flow.held) saidWhileHeld += 1;
        else if (stepsWhileHeld < Infinity) controller.abort(left);
        if (said > 1) return;
        flow.hold();
        setTimeout(() => {
          stepsWhileHeld = upstream.requests[0]?.steps ?? Infinity;
          flow.release();
        }, holdMs);
      },
    });
    expect(error).toBe(left);
    // The operating system holds some of it, the provider nearly nothing.
    expect(stepsWhileHeld).toBeLessThan(steps * 0.75);
    // What was in the same packet.
    expect(saidWhileHeld).toBeLessThanOrEqual(1);
    expect(said).toBeGreaterThan(1 + saidWhileHeld);
  });

  it("passes over an event that its vendor has added since", async () => {
    const { provider } = await startRemote(subject, [
      { text: "so" },
      { raw: 'event: added_since\ndata: {"type":"added_since"}\n\n' },
      { text: " far" },
    ]);
    expect(await ask(provider)).toMatchObject({ text: "so far", finishReason: "stop", error: undefined });
  });

  it("refuses an answer that is compressed: it did not ask for one, and it could be a bomb", async () => {
    const { provider, upstream } = await startRemote(subject, [
      { status: 200, headers: { "content-encoding": "gzip" }, body: "x" },
    ]);
    // Read as it stands it would be no answer either.
    const message = "The model provider sent a compressed answer.";
    expect((await ask(provider)).error).toMatchObject({ code: "upstream_error", message });
    expect(upstream.requests.map(({ headers }) => headers["accept-encoding"])).toEqual(["identity"]);
  });

  it.each<[what: string, script: Script, deadlines: object, says: string]>([
    ["does not answer", [{ hang: true }], { firstTokenMs: 1000 }, "did not answer within 1000 ms"],
    ["accepts and says nothing", [{ accept: true }, { hang: true }], { firstTokenMs: 1050, idleMs: 1050 }, "1050 ms"],
    ["falls silent", [{ text: "so far" }, { hang: true }], { idleMs: 1000 }, "fell silent for 1000 ms"],
    ["never ends", [{ text: "so far" }, { hang: true }], { totalMs: 1000 }, "did not finish within 1000 ms"],
  ])("gives up on a model that %s, and closes the connection", async (_, script, deadlines, says) => {
    const { provider, upstream } = await startRemote(subject, script, { deadlines });
    const { error } = await ask(provider);
    expect(error).toMatchObject({ code: "upstream_timeout" });
    expect((error as GatewayError).message).toContain(says);
    expect((await upstream.requests[0]?.over)?.how).toBe("left");
  });

  it.each<[when: string, script: Script, seen: string | undefined]>([
    ["before the answer", [{ hang: true }], undefined],
    ["after the headers", [{ accept: true }, { hang: true }], undefined],
    ["in the middle of it", [{ text: "so far" }, { hang: true }], "text-delta"],
  ])("closes the connection within 200 ms of an abort %s", async (_, script, seen) => {
    const { provider, upstream, came } = await startWatched(subject, script);
    const controller = new AbortController();
    const abort = (): void => controller.abort(left);
    const asked = observe(provider, toModelRequest(subject.model), {
      signal: controller.signal,
      onEvent({ type }) {
        if (type === seen) abort();
      },
    });
    await came;
    if (seen === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      abort();
    }
    expect((await asked).error).toBe(left);
    await assertLeftSoon(upstream);
  });

  it.each<ModelEvent["type"]>(["start", "text-delta"])(
    "closes the connection within 200 ms of what its listener throws at a %s",
    async (at) => {
      const { provider, upstream } = await startRemote(subject, [{ text: "so far" }, { hang: true }]);
      const { error } = await observe(provider, toModelRequest(subject.model), {
        onEvent({ type }) {
          if (type !== at) return;
          throw new Error("broken");
        },
      });
      expect(error).toBeInstanceOf(Error);
      expect(upstream.requests).toHaveLength(1);
      await assertLeftSoon(upstream);
    },
  );

  it("closes the connection within 200 ms of an abort while the flow is held", async () => {
    const { provider, upstream } = await startRemote(subject, [{ text: "so far" }, { hang: true }]);
    const flow = createBrake();
    const controller = new AbortController();
    const { error } = await observe(provider, toModelRequest(subject.model), {
      flow,
      signal: controller.signal,
      onEvent({ type }) {
        if (type !== "text-delta") return;
        flow.hold();
        setTimeout(() => controller.abort(left), 20);
      },
    });
    expect(error).toBe(left);
    await assertLeftSoon(upstream);
  });

  it("does not take a reader that is slow for a model that is silent", async () => {
    const script: Script = [{ text: "so" }, { pauseMs: 20 }, { text: " far" }];
    const { provider } = await startRemote(subject, script, { deadlines: { idleMs: 1000 } });
    const flow = createBrake();
    const { text, error } = await observe(provider, toModelRequest(subject.model), {
      flow,
      onEvent({ type }) {
        if (type !== "text-delta" || flow.held) return;
        flow.hold();
        setTimeout(() => flow.release(), 2000);
      },
    });
    expect({ text, error }).toEqual({ text: "so far", error: undefined });
  });

  it("gives up on a reader that never goes on", async () => {
    const script: Script = [{ text: "so far" }, { hang: true }];
    const { provider, upstream } = await startRemote(subject, script, { deadlines: { totalMs: 1000 } });
    const flow = createBrake();
    const { error } = await observe(provider, toModelRequest(subject.model), { flow, onEvent: () => flow.hold() });
    expect(error).toMatchObject({ code: "upstream_timeout" });
    expect((await upstream.requests[0]?.over)?.how).toBe("left");
  });

  it("uses a connection again after a whole answer", async () => {
    const { provider, upstream } = await startRemote(subject, [{ text: "ok" }]);
    for (let count = 0; count < 3; count += 1) {
      expect((await ask(provider)).error).toBeUndefined();
      await upstream.requests[count]?.over;
      // What is left of the answer is read in the background.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(upstream.connections).toBe(1);
  });
});

async function assertLeftSoon({ requests }: Upstream): Promise<void> {
  let how: string | undefined;
  void requests[0]?.over.then((over) => (how = over.how));
  expect(await isSoon(() => Promise.resolve(how !== undefined))).toBe(true);
  expect(how).toBe("left");
}

async function startWatched(
  subject: RemoteSubject,
  script: Script,
): Promise<Awaited<ReturnType<typeof startRemote>> & { came: Promise<UpstreamRequest> }> {
  let arrive: (request: UpstreamRequest) => void;
  const came = new Promise<UpstreamRequest>((resolve) => {
    arrive = resolve;
  });
  const remote = await startRemote(subject, (request) => {
    arrive(request);
    return script;
  });
  return { ...remote, came };
}

/** Neither the client nor the log may see a key, a prompt or what the vendor wrote; the client no address either. */
function assertNoLeak(error: unknown, baseUrl: string): void {
  const logged = inspect(error, { depth: 12, showHidden: true });
  for (const secret of [upstreamKey, prompt, upstreamSecret, "internal.upstream.example"]) {
    expect(logged).not.toContain(secret);
  }
  expect((error as Error).message).not.toContain(new URL(baseUrl).host);
}
