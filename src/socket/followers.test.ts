import { getEventListeners } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { Followers } from "./followers.ts";
import type { Member } from "./methods.ts";
import { Outgoing } from "./outgoing.ts";
import { RunMarks } from "./run-marks.ts";
import { RunNames } from "./run-names.ts";
import { GatewayError } from "../base/errors.ts";
import { createSilentLog } from "../base/log.ts";
import { createMetrics } from "../base/metrics.ts";
import { operator } from "../base/principal.ts";
import { createEmbeddedProvider } from "../model/embedded/embedded.ts";
import { type Agent, toAgents } from "../run/agents.ts";
import { LiveRuns } from "../run/live-runs.ts";
import { toReach } from "../run/model-reach.ts";
import { RunLog } from "../run/run-log.ts";
import { openOnSharedThread } from "../session/sqlite/shared-thread.fixture.ts";

const key = "agent:main:a";
const left = new GatewayError("cancelled", "The client left.");

const provider = createEmbeddedProvider();
const main: Agent = {
  id: "main",
  instructions: [],
  models: [{ provider, name: "p/m", model: "m", capabilities: provider.toCapabilities("m") }],
  reach: toReach([provider]),
  include: [],
  enforcesFormat: false,
  stepsMax: 1,
  tools: {},
  mediaLimits: { imagesMax: 0, bytesMax: 0, pixelsMax: 1 },
};

/** Writes down what it is told. */
function createMember() {
  const gone = new AbortController();
  const told: string[] = [];
  const event: Member["event"] = (name, payload) => void told.push(`${name} ${payload}`);
  return { gone, told, principal: operator, reads: true, showsTools: false, signal: gone.signal, event };
}

async function createFollowers() {
  const log = createSilentLog();
  const live = new LiveRuns();
  const folder = mkdtempSync(join(tmpdir(), "clawgate-"));
  const store = await openOnSharedThread(folder);
  const runs = new RunLog({ store: store.runs, live, loop: { hasStoodStill: () => false }, log });
  onTestFinished(async () => {
    runs.upkeep.stop();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const agents = toAgents([main], main, new Map());
  const outgoing = new Outgoing({ mode: "throw", log, metrics: createMetrics() });
  const finds: (() => void)[] = [];
  const followers = new Followers({
    live,
    runs,
    store: {
      history: (session, query) => store.history(session, query),
      // Answers when the test says.
      find: () => new Promise((resolve) => void finds.push(() => resolve(undefined))),
    },
    names: new RunNames(),
    marks: new RunMarks(),
    agents: () => agents,
    outgoing: () => outgoing,
  });
  const open = (id: string) =>
    live.open(id, { principal: operator, agent: { id: "main" }, session: { key }, cancel: () => undefined });
  const answerFinds = async (): Promise<void> => {
    for (const answer of finds.splice(0)) answer();
    await nextTurn();
  };
  return { followers, live, open, answerFinds };
}

test("who leaves a session while the end of its run is told, and comes back at once, is told of the next run", async () => {
  const { followers, live, open, answerFinds } = await createFollowers();
  const [watcher, member] = [createMember(), createMember()];
  followers.subscribe(watcher);
  await followers.follow(key, key, member);
  const first = open("run_1");
  await answerFinds();
  live.close(first, { error: left });
  followers.leave(key, member);
  await followers.follow(key, key, member);
  await answerFinds();
  member.told.length = watcher.told.length = 0;
  open("run_2").say({ type: "run-start", runId: "run_2" });
  expect(member.told).toHaveLength(1);
  expect(member.told[0]).toMatch(/^agent .*run_2/);
  expect(watcher.told).toEqual(member.told);
});

test("to subscribe and unsubscribe again and again leaves nothing behind, and who is gone is told nothing", async () => {
  const { followers, open } = await createFollowers();
  const member = createMember();
  for (let round = 0; round < 50; round += 1) {
    followers.subscribe(member);
    followers.unsubscribe(member);
  }
  expect(getEventListeners(member.signal, "abort").length).toBeLessThanOrEqual(1);
  followers.subscribe(member);
  member.gone.abort();
  open("run_1").say({ type: "run-start", runId: "run_1" });
  expect(member.told).toEqual([]);
});
