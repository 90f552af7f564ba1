import { toBlame } from "./blame.ts";
import { capabilities, type Capability } from "./capability.ts";
import { type Death, toProbeDeath } from "./death.ts";
import { Failure } from "../expect.ts";
import type { Exchange } from "../lens/exchange.ts";
import { send } from "../lens/wire.ts";
import { runPool } from "./pool.ts";
import { isSocketAnswering, socketProbes } from "./probe-socket.ts";
import { absent, type Ask, type Probe, probes, untried } from "./probe-table.ts";
import type { Capabilities, CapabilityFinding, Subject } from "./subject.ts";

/** The subject answers nothing at all. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** More than any list of models. */
const bodyBytesMax = 1024 * 1024;

/** Asked at once; no more than cases are, lest a server that answers one by one keeps the last waiting for all. */
const probesMax = 4;

/** A server that is started anew by its supervisor is there again within this time. */
const revivalTries = 4;
const revivalMs = 400;

/** Whether the subject has anything to say to the simplest question. */
export async function isAnswering(subject: Subject, limitMs = 5000): Promise<boolean> {
  if (subject.profile === "websocket") return isSocketAnswering(subject);
  const request = { path: "/models", method: "GET", limitMs, bodyBytesMax };
  // A short --timeout is for what is judged; this asks whether anything is left to be judged.
  const patient = { ...subject, patience: Math.max(1, subject.patience ?? 1) };
  for (let tries = revivalTries; ; tries--) {
    const started = performance.now();
    const heard = await send(patient, request, () => undefined).then(
      ({ end, text }) => end === "complete" || text !== "",
      () => false,
    );
    // Who keeps silent is not asked again; who refuses may be on the way back.
    if (heard || tries <= 1 || performance.now() - started >= (limitMs * patient.patience) / 2) return heard;
    await new Promise((next) => {
      setTimeout(next, revivalMs);
    });
  }
}

/** What the probes found; with a death, one of them was the last thing that the subject heard. */
export interface Probed {
  readonly capabilities: Capabilities;
  readonly died?: Death;
  /** The longest that an answer to a chat took. */
  readonly slowestMs: number;
}

/**
 * Finds out what a subject can do, with about a dozen requests; the findings are printed before the first case. Rejects
 * with `Unreachable` if nothing answers.
 */
export async function probe(subject: Subject): Promise<Probed> {
  if (subject.profile === "websocket") return { capabilities: await probeSocket(subject), slowestMs: 0 };
  const exchanges: Exchange[] = [];
  const findings = new Map<Capability, CapabilityFinding>();
  let slowestMs = 0;
  const toAsk =
    (own: Exchange[]): Ask =>
    (request) =>
      send(subject, { bodyBytesMax, ...request }, (exchange) => {
        exchanges.push(exchange);
        own.push(exchange);
        if (exchange.method === "POST" && exchange.status === 200) slowestMs = Math.max(slowestMs, exchange.endMs);
      });
  const examineOne = async (name: Capability): Promise<void> => {
    const own: Exchange[] = [];
    const finding = await examine(probes[name], toAsk(own), subject);
    findings.set(name, own.length === 0 ? finding : { ...finding, exchanges: own });
  };
  try {
    await toAsk([])({ path: "/models", method: "GET" });
  } catch (cause) {
    if (toBlame(cause) === "suite") throw cause;
    const { message } = cause as Error;
    const hint = message.startsWith("no answer within") ? "; --timeout gives it more" : "";
    throw new Unreachable(`nothing answers at ${subject.baseUrl}: ${message}${hint}`, { cause });
  }
  const names = Object.keys(probes) as Capability[];
  // One by one those that have killed servers, so that it is known which did.
  const stages = [names.filter((name) => !hostile.has(name)), ...[...hostile].map((name) => [name])];
  for (const stage of stages) {
    exchanges.length = 0;
    await runPool(stage, probesMax, examineOne);
    if (!exchanges.some(({ end }) => end === "none") || (await isAnswering(subject))) continue;
    const asked = new Map(stage.map((name) => [name, findings.get(name)?.exchanges ?? []]));
    for (const name of names)
      if (!findings.has(name)) findings.set(name, untried("not probed, for the server was gone"));
    return { capabilities: toOrdered(findings, names), died: toProbeDeath(asked), slowestMs };
  }
  return { capabilities: toOrdered(findings, names), slowestMs };
}

/** Probes that announce or send what a careless server falls over. */
const hostile: ReadonlySet<Capability> = new Set<Capability>(["limits"]);

async function examine(run: Probe, ask: Ask, subject: Subject): Promise<CapabilityFinding> {
  try {
    return await run(ask, subject);
  } catch (error) {
    if (!(error instanceof Failure) && toBlame(error) === "suite") throw error;
    return absent((error as Error).message);
  }
}

function toOrdered(findings: ReadonlyMap<Capability, CapabilityFinding>, names: readonly Capability[]): Capabilities {
  return new Map(names.flatMap((name) => (findings.has(name) ? [[name, findings.get(name)!]] : [])));
}

/** The same where there is nothing but a WebSocket. */
async function probeSocket(subject: Subject): Promise<Capabilities> {
  if (!(await isSocketAnswering(subject)))
    throw new Unreachable(`nothing answers a WebSocket handshake at ${subject.baseUrl}`);
  const findings = Object.keys(capabilities).map(async (name): Promise<[Capability, CapabilityFinding]> => {
    const known = name as Capability;
    const finding = socketProbes[known]?.(subject) ?? Promise.resolve(untried("profile websocket"));
    return [known, await finding.catch((error: unknown) => absent((error as Error).message))];
  });
  return new Map(await Promise.all(findings));
}
