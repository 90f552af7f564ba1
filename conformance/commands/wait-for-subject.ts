import type { Observe } from "../context.ts";
import { fetchManifest, type Manifest, markClaims } from "../expectation/manifest.ts";
import { NoAnswer } from "../reach/blame.ts";
import { send } from "../lens/wire.ts";
import { measurePlain, type Pace, toPace, toPaced, toProbed, toSeconds } from "../judge/pace.ts";
import { probe, type Probed, Unreachable } from "../reach/probe.ts";
import type { Subject } from "../reach/subject.ts";
import { withUnique } from "../unique.ts";
import type { Terminal } from "../terminal.ts";
import { createStatusLine } from "../tell/status-line.ts";
import type { Taping } from "./taping.ts";
import type { Target } from "./with-subject.ts";

/** What was found out before the first case: also how long calls may take, which the subject is told to be given. */
export interface Ready extends Probed {
  readonly subject: Subject;
  readonly pace: Pace;
  /** What the server claims, if it says so anywhere. */
  readonly manifest?: Manifest;
}

export interface ReadyOptions {
  /** Where it is said what is being waited for. */
  readonly terminal: Terminal;
  /** How long a server may give no sign of life at all. */
  readonly silentMsMax?: number;
  readonly toldEveryMs?: number;
  readonly taping?: Taping | undefined;
  /** Takes the place of the one that the server publishes. */
  readonly manifest?: Manifest | undefined;
}

/** Who has not begun to answer anything by then is not there; who is slow may be, and is measured. */
const silentMs = 15_000;
const toldMs = 5000;

/** What the server can do, as soon as it answers. One that the suite has started is not waited for when it has ended. */
export async function waitForSubject({ subject, waitMs, ended }: Target, options: ReadyOptions): Promise<Ready> {
  const { taping } = options;
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      return await (taping === undefined ? getReady(subject, options) : getReadyTaped(subject, options, taping));
    } catch (error) {
      if (!(error instanceof Unreachable) || performance.now() >= deadline) throw error;
      const again = new Promise((next) => {
        setTimeout(next, 250);
      });
      await Promise.race([again, ended]).catch((cause: unknown) => {
        throw new Unreachable((cause as Error).message, { cause });
      });
    }
  }
}

async function getReady(
  subject: Subject,
  { manifest: given, terminal, silentMsMax = silentMs, toldEveryMs = toldMs }: ReadyOptions,
  observe: Observe = (_name, look) => look(),
): Promise<Ready> {
  const isMeasured = subject.patience === undefined && subject.profile !== "websocket";
  const during = <T>(what: string, wait: Promise<T>): Promise<T> =>
    tellWhile(`${what} from ${subject.baseUrl}`, wait, { terminal, toldEveryMs });
  const measuredMs = isMeasured ? await during("an answer", measureLiving(subject, silentMsMax)) : undefined;
  const plainMs = observe("plainMs", () => measuredMs);
  const probed = await during("answers to the probes", probe(toProbed(subject, plainMs)));
  const pace = observe("pace", () => toPace(subject, plainMs, probed));
  // A replay is judged by the file that its run was judged by, unless another one is named.
  const kept = observe("manifest", () => given ?? null);
  const paced = isMeasured ? toPaced(subject, pace.ms) : subject;
  const manifest = given ?? kept ?? (probed.died === undefined ? await fetchManifest(paced) : undefined);
  const capabilities = markClaims(probed.capabilities, manifest);
  return { ...probed, capabilities, pace, subject: paced, ...(manifest === undefined ? {} : { manifest }) };
}

/**
 * How long a plain answer takes. A model may take a minute to be loaded; a server that says nothing to a question about
 * its models either is not waited for so long.
 */
async function measureLiving(subject: Subject, limitMs: number): Promise<number | undefined> {
  const giveUp = new AbortController();
  const plain = measurePlain(subject, giveUp.signal);
  const request = { path: "/models", method: "GET", limitMs, bodyBytesMax: 1024 * 1024, signal: giveUp.signal };
  const silent = send(subject, request, () => undefined).then(
    () => false,
    (error: unknown) => error instanceof NoAnswer && error.message.startsWith("no answer within"),
  );
  try {
    const isSilent = await Promise.race([silent, plain.then(() => false)]);
    if (isSilent)
      throw new Unreachable(
        `nothing answers at ${subject.baseUrl}: it took the connection and said nothing within ${toSeconds(limitMs)}; --timeout gives it more`,
      );
    return await plain;
  } finally {
    giveUp.abort();
  }
}

/** Nobody shall have to guess what a suite is doing that says nothing. */
async function tellWhile<T>(
  what: string,
  wait: Promise<T>,
  { terminal, toldEveryMs }: Required<Pick<ReadyOptions, "terminal" | "toldEveryMs">>,
): Promise<T> {
  const started = performance.now();
  const status = createStatusLine(terminal);
  const timer = setInterval(
    () => status.tell(`Waiting for ${what}, for ${toSeconds(performance.now() - started)} now.`),
    toldEveryMs,
  );
  try {
    return await wait;
  } finally {
    clearInterval(timer);
    status.end();
  }
}

async function getReadyTaped(subject: Subject, options: ReadyOptions, { tape }: Taping): Promise<Ready> {
  // Until the server is there, nothing is worth keeping.
  const take = tape.take("probe");
  const called = { ...subject, dial: take.dial };
  const { subject: paced, ...ready } = await withUnique(take.unique, () => getReady(called, options, take.observe));
  await take.end();
  const { dial: _dial, ...rest } = paced;
  return { ...ready, subject: subject.dial === undefined ? rest : { ...rest, dial: subject.dial } };
}
