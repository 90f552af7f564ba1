import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createPlace, usual } from "../command.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { testToken } from "../gateway.fixture.ts";
import { type GatewayProcess, startProcess } from "../process.fixture.ts";
import { connect, connectParams, openSocket as openWebSocket } from "../socket/client.fixture.ts";
import { readTalk } from "../talk.fixture.ts";
import {
  done,
  finished,
  startFaultServer,
  streamHead,
  toAnswer,
  toChunk,
  toSaid,
} from "../upstream/servers/fault.fixture.ts";
import { type Answer, openSocket, toChatBody, toRequest } from "./socket.fixture.ts";

/** Longer than any deadline of `config`, but for the time that a request may take. */
const briefMs = 3_000;
const deadlineMs = 2_000;

/** Somebody who does in time, while the gateway stands still, what it waits for. */
interface Waited {
  readonly act: () => unknown;
  /** What comes of it. */
  readonly end: () => Promise<unknown>;
}

/** Stops the process for so long while somebody acts, and returns what comes of that. */
async function standStill({ process: child }: GatewayProcess, ms: number, { act, end }: Waited): Promise<unknown> {
  child.kill("SIGSTOP");
  onEnd(() => child.kill("SIGCONT"));
  await delay(100);
  await act();
  await delay(ms);
  child.kill("SIGCONT");
  return end();
}

interface Stage {
  readonly gateway: GatewayProcess;
  /** The connections of the model's calls that have no answer. */
  readonly calls: readonly Socket[];
  /** Resolves with the next call of the model. */
  readonly untilCalled: () => Promise<void>;
  /** Asks that model, in this session, and resolves when it has been called. */
  readonly ask: (user: string) => Promise<{ readonly answer: Promise<string | null> }>;
}

async function startStage(runsMax = 8): Promise<Stage> {
  const calls: Socket[] = [];
  const came: (() => void)[] = [];
  const untilCalled = (): Promise<void> => new Promise((resolve) => came.push(resolve));
  const upstream = await startFaultServer((socket) => {
    calls.push(socket);
    came.shift()?.();
  });
  const deadlines = { firstTokenMs: deadlineMs, idleMs: deadlineMs };
  const lab = { api: "openai-completions", baseUrl: upstream.baseUrl, apiKey: "k", deadlines };
  const config = {
    ...usual,
    gateway: {
      ...usual.gateway,
      limits: { loopDelayMs: 0, writeStallMs: deadlineMs },
      runs: { max: runsMax, waitMs: deadlineMs },
      websocket: { tickMs: 500, challengeMs: deadlineMs },
      drainMs: deadlineMs,
    },
    sessions: { lane: { waitMs: deadlineMs } },
    models: { providers: { ...usual.models.providers, lab } },
    agents: { ...usual.agents, list: [...usual.agents.list, { id: "lab", model: "lab/m" }] },
  };
  const gateway = await startProcess(createPlace({ config, environment: { OPENCLAW_GATEWAY_TOKEN: testToken } }));
  return {
    gateway,
    calls,
    untilCalled,
    async ask(user) {
      const called = untilCalled();
      const messages = [{ role: "user", content: "hi" }];
      const answer = gateway.chat({ model: "openclaw/lab", user, messages }).then(async (response) => {
        const { text, error } = await readTalk(response);
        return error?.code ?? text;
      });
      await called;
      return { answer };
    },
  };
}

async function readStatus(answer: Promise<Answer>): Promise<number> {
  return (await answer).status;
}

/** A call of the session `a`, and behind it one of this session. */
async function waitBehind({ gateway, ask, calls, untilCalled }: Stage, user: string): Promise<Waited> {
  const first = await ask("a");
  const next = await openSocket(Number(new URL(gateway.url).port));
  next.send(toRequest({ body: toChatBody("hi", { model: "openclaw/lab", user }) }));
  await delay(200);
  const secondCalled = untilCalled();
  return {
    act: () => calls[0]?.write(toAnswer("said")),
    async end() {
      void secondCalled.then(() => calls[1]?.write(toAnswer("said")));
      return [await first.answer, await readStatus(next.read())];
    },
  };
}

/** Each begins what the gateway has to wait for. */
const waits: Record<string, { runsMax?: number; begin: (stage: Stage) => Promise<Waited>; want: unknown }> = {
  "a model that has answered": {
    async begin({ ask, calls }) {
      const { answer } = await ask("a");
      return { act: () => calls[0]?.write(toAnswer("said")), end: () => answer };
    },
    want: "said",
  },
  "a model that has gone on": {
    async begin({ ask, calls }) {
      const { answer } = await ask("a");
      calls[0]?.write(streamHead + toChunk(toSaid("said")));
      await delay(200);
      return { act: () => calls[0]?.write(`${toChunk(finished + done)}0\r\n\r\n`), end: () => answer };
    },
    want: "said",
  },
  "a call that waits for one before it in its session": {
    begin: (stage) => waitBehind(stage, "a"),
    want: ["said", 200],
  },
  "a run that waits for one of another session, as there is one slot": {
    runsMax: 1,
    begin: (stage) => waitBehind(stage, "b"),
    want: ["said", 200],
  },
  "a client of the gateway protocol that is there": {
    async begin({ gateway }) {
      const socket = await connect(gateway);
      return {
        act: () => undefined,
        async end() {
          await delay(1_000);
          return (await socket.request("health")).ok;
        },
      };
    },
    want: true,
  },
  "a client of the gateway protocol that has signed in": {
    async begin({ gateway }) {
      const socket = await openWebSocket(gateway.url);
      const params = { ...connectParams, auth: { token: testToken } };
      let id = "";
      return {
        act: () => (id = socket.ask("connect", params)),
        end: async () => (await socket.until(() => socket.answers(id)[0])).ok,
      };
    },
    want: true,
  },
  "a client that has taken its answer": {
    async begin({ gateway }) {
      const wire = await openSocket(Number(new URL(gateway.url).port));
      wire.send(toRequest({ body: toChatBody("@@repeat 8000000 x") }));
      await wire.readHead();
      await delay(500);
      let rest: Promise<Buffer> | undefined;
      return {
        act: () => void (rest = wire.readRest()),
        end: async () => ((await rest)?.length ?? 0) > 8_000_000,
      };
    },
    want: true,
  },
};

describe("a gateway that stood still for longer than it waits", () => {
  test.concurrent.each(Object.entries(waits))("goes on with %s", async (_, { runsMax, begin, want }) => {
    const stage = await startStage(runsMax);
    expect(await standStill(stage.gateway, briefMs, await begin(stage))).toEqual(want);
  });

  test("ends in order a run that it was to wait for at its end", async () => {
    const { gateway, ask, calls } = await startStage();
    const { answer } = await ask("a");
    gateway.process.kill("SIGTERM");
    await delay(200);
    const act = (): unknown => calls[0]?.write(toAnswer("said"));
    expect(await standStill(gateway, briefMs, { act, end: () => answer })).toBe("said");
    expect((await gateway.ended).status).toBe(0);
  });
});

describe("a gateway that stood still for longer than a request may take", () => {
  test("answers one that was half there", async () => {
    const { gateway } = await startStage();
    const wire = await openSocket(Number(new URL(gateway.url).port));
    const request = toRequest();
    wire.send(request.subarray(0, 30));
    const act = (): void => wire.send(request.subarray(30));
    const end = (): Promise<number> => readStatus(wire.read());
    expect(await standStill(gateway, 11_000, { act, end })).toBe(200);
  });
});
