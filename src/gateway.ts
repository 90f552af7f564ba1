import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Audit } from "./base/audit/audit.ts";
import { openAuditFile } from "./base/audit/audit-file.ts";
import { type Patience, startPatience } from "./base/deadline.ts";
import { listChanges } from "./base/config/changes.ts";
import { assertUsable, toHost } from "./base/config/check.ts";
import { ConfigError } from "./base/config/config-error.ts";
import { keepUntilRestart } from "./base/config/restart.ts";
import type { Config } from "./base/contract.ts";
import { GatewayError } from "./base/errors.ts";
import { toListenFailure } from "./base/listen-failure.ts";
import type { Metrics } from "./base/metrics.ts";
import { BodyBudget } from "./edge/body-budget.ts";
import { Lockout } from "./edge/lockout.ts";
import { toAddressKey } from "./edge/open-connections.ts";
import { createPort } from "./edge/server.ts";
import { createGeneration, type Generation, type GenerationOptions, type Lasting } from "./generation.ts";
import type { Agents } from "./run/agents.ts";
import { createRuntime, type RuntimeOptions } from "./runtime.ts";
import { Followers } from "./socket/followers.ts";
import { RunNames } from "./socket/run-names.ts";
import { RunMarks } from "./socket/run-marks.ts";
import { Sockets } from "./socket/sockets.ts";

export interface GatewayOptions extends RuntimeOptions, GenerationOptions {}

export interface Gateway {
  /** Those of the configuration in force. */
  readonly agents: Agents;
  /** What is in force. */
  readonly config: Config;
  readonly metrics: Metrics;
  readonly audit: Audit;
  /** The address it listens on, without a slash at the end. */
  readonly url: string;
  /** How many requests are under way. */
  readonly requests: number;
  /**
   * Puts another configuration in force: requests that begin from now on see all of it, those under way end with what
   * they began with. Port and address stay (`keepUntilRestart` names them), and so do sessions and counts. Throws what
   * `startGateway` throws, and `shutting_down`; then nothing has changed.
   */
  reload(options: ReloadOptions): Promise<void>;
  /** Refuses new calls, waits for running ones (`gateway.drainMs`), cuts what is left, and closes everything. */
  stop(): Promise<void>;
}

export type ReloadOptions = Omit<GatewayOptions, "stateFolder">;

/** How long a run that was cut has to say so to its client. */
const cutGraceMs = 1000;

/** Starts a gateway; resolves when it takes calls. The port, and what stands behind it from one configuration to the next. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const audit = openAuditFile(options);
  const runtime = await createRuntime({ ...options, audit }).catch((cause: unknown) => {
    audit.close();
    throw cause;
  });
  const giveUp = async (cause: unknown): Promise<never> => {
    await runtime.stop();
    audit.close();
    throw cause;
  };
  const names = new RunNames();
  const marks = new RunMarks();
  const followers = new Followers({
    live: runtime.live,
    runs: runtime.runs,
    store: runtime.store,
    names,
    marks,
    agents: () => current.runtime.agents,
    outgoing: () => current.face.outgoing,
  });
  const lasting: Lasting = {
    audit,
    started: Math.floor(Date.now() / 1000),
    startedAt: performance.now(),
    condemned: new WeakSet(),
    lockout: new Lockout(),
    bodies: new BodyBudget(() => current.config.gateway.limits.bodyBytesHeld),
    sockets: { names, marks, followers, all: () => sockets },
  };
  let current = await Promise.try(createGeneration, runtime, options, lasting).catch(giveUp);
  current.enforce();
  const sockets = new Sockets({
    face: () => current.face,
    toAddressKey,
    budget: lasting.bodies,
    metrics: runtime.metrics,
  });
  /** The current one, and those before it that are still needed. */
  const generations = new Set([current]);
  const retirements = new Set<Promise<void>>();
  let stopping = false;

  const { server, serve } = createPort({
    serving: current,
    bodies: lasting.bodies,
    onHalfClose(response) {
      for (const { passages } of generations) passages.leave(response);
    },
    upgrades: sockets,
    metrics: runtime.metrics,
  });
  try {
    await runtime.quotas.save();
    await listen(server, toHost(options.config.gateway.bind), options.config.gateway.port);
  } catch (cause) {
    await giveUp(cause);
  }
  const url = toUrl(server.address() as AddressInfo);
  audit.record({ event: "start", outcome: "done", url });
  void runtime.connectTools();

  const retire = async (old: Generation): Promise<void> => {
    await old.passages.idle();
    await runtime.runs.idle(old.runtime.runAgent);
    await old.runtime.retire();
    generations.delete(old);
  };

  const replace = async (next: ReloadOptions): Promise<void> => {
    const { config } = keepUntilRestart(next.config, current.config);
    assertUsable(config);
    const renewed = await current.runtime.renew({ ...next, config, audit });
    const old = current;
    let generation: Generation;
    try {
      if (stopping) throw new GatewayError("shutting_down", "The gateway is stopping.");
      generation = createGeneration(renewed, { ...next, config }, lasting);
      audit.reopen({ ...next, config, stateFolder: options.stateFolder });
    } catch (cause) {
      await renewed.retire();
      // Of its keys the limits may hold already.
      old.enforce();
      throw cause;
    }
    current = generation;
    generations.add(current);
    current.enforce();
    serve(current);
    sockets.renew();
    audit.record({ event: "configuration-change", outcome: "done", changed: listChanges(old.config, config) });
    void renewed.connectTools();
    const retirement = retire(old);
    retirements.add(retirement);
    void retirement.then(() => retirements.delete(retirement));
    // What a key that is new here has spent today may be known to the store.
    await renewed.quotas.save();
  };
  let replaced: Promise<unknown> = Promise.resolve();

  const stop = async (): Promise<void> => {
    stopping = true;
    await replaced;
    sockets.announceStop();
    let close: Patience | undefined;
    const patience = Promise.withResolvers<void>();
    const cut = startPatience(current.config.gateway.drainMs, () => {
      for (const { passages } of generations) passages.cut();
      runtime.runs.cut();
      // Whoever does not read, or has not sent its whole request, will not be waited for.
      close = startPatience(cutGraceMs, () => {
        server.closeAllConnections();
        patience.resolve();
      });
    });
    await Promise.all([...generations].map(({ passages }) => passages.drain()));
    // A run that goes on without its client has as long as the others.
    const carried = [...generations].map((one) => runtime.runs.idle(one.runtime.runAgent));
    await Promise.race([Promise.all(carried), patience.promise]);
    cut.stop();
    close?.stop();
    await sockets.close();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    await Promise.all(retirements);
    await current.runtime.stop();
    audit.record({ event: "stop", outcome: "done" });
    audit.close();
  };
  return {
    get agents() {
      return current.runtime.agents;
    },
    get config() {
      return current.config;
    },
    metrics: runtime.metrics,
    audit,
    url,
    get requests() {
      return [...generations].reduce((sum, { passages }) => sum + passages.size, 0);
    },
    reload(next) {
      // One after the other: each takes the place of the one before.
      const replacing = replaced.then(() => replace(next));
      replaced = replacing.catch(() => undefined);
      return replacing;
    },
    stop,
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(new ConfigError(toListenFailure(host, port, cause), { cause }));
    });
    server.listen(port, host, resolve);
  });
}

function toUrl({ address, family, port }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
