import { isObject } from "../expect.ts";
import { callMs, send, toCallMs } from "../lens/wire.ts";
import type { Probed } from "../reach/probe.ts";
import type { Subject } from "../reach/subject.ts";

/** How long a call may take, and why so long. */
export interface Pace {
  readonly ms: number;
  readonly why: string;
}

/** Who has not answered the plainest question by then is not measured. */
const measuredMsMax = 60_000;
/** The first answer of a server may have to wait for its model to be loaded. */
const coldMs = 1000;
/** Several cases ask at once, and some ask for more than the plainest answer. */
const timesPlain = 5;
/** The slowest answer to a probe had others beside it, and is as long as any. */
const timesSlowest = 2;
/** Shorter would blame servers for what the machine of the run does beside; longer would make a hanging one take for ever. */
const [pacedMsMin, pacedMsMax] = [5000, 120_000];
/** What a probe asks may take a multiple of the plainest question. */
const probedMs = 20_000;

/** How long the server takes for the plainest question; undefined if it gives no answer that is one. */
export async function measurePlain(subject: Subject, signal?: AbortSignal): Promise<number | undefined> {
  const first = await timePlain(subject, signal);
  return first === undefined || first <= coldMs ? first : ((await timePlain(subject, signal)) ?? first);
}

async function timePlain(subject: Subject, signal: AbortSignal | undefined): Promise<number | undefined> {
  const messages = [{ role: "user", content: "Reply with the words: one two three four five" }];
  const body = { model: subject.model, messages };
  const request = { body, limitMs: measuredMsMax, ...(signal === undefined ? {} : { signal }) };
  const answer = await send(subject, request, () => undefined).catch(() => undefined);
  const isAnswer = answer?.status === 200 && answer.end === "complete" && isObject(answer.json);
  return isAnswer ? answer.endMs : undefined;
}

/** While it is probed, whoever is slow shall not be taken for one who cannot. */
export function toProbed(subject: Subject, plainMs: number | undefined): Subject {
  return plainMs === undefined ? subject : toPaced(subject, Math.max(probedMs, plainMs * timesPlain));
}

/** How long a call may take, from what the subject has shown; without a measurement it is what the suite knows best. */
export function toPace(subject: Subject, plainMs: number | undefined, { slowestMs }: Probed): Pace {
  if (subject.patience !== undefined) return { ms: toCallMs(subject), why: "--timeout says so" };
  if (plainMs === undefined) return { ms: callMs, why: "the server has given no plain answer to measure by" };
  const wantedMs = Math.max(plainMs * timesPlain, slowestMs * timesSlowest);
  const ms = Math.ceil(Math.min(Math.max(wantedMs, pacedMsMin), pacedMsMax) / 1000) * 1000;
  return {
    ms,
    why: `a plain answer took ${toSeconds(plainMs)}, the slowest of the probes ${toSeconds(slowestMs)}`,
  };
}

/** Slow servers get more time for everything; with fast ones only calls that say nothing else are given up sooner. */
export function toPaced(subject: Subject, ms: number): Subject {
  return { ...subject, callMs: Math.ceil(ms), patience: Math.max(1, ms / callMs) };
}

export function toSeconds(ms: number): string {
  return ms < 1000 ? `${Math.ceil(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}
