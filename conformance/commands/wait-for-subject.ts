import type { Observe } from "../context.ts";
import { fetchManifest, type Manifest, markClaims } from "../expectation/manifest.ts";
import { measurePlain, type Pace, toPace, toPaced, toProbed } from "../pace.ts";
import { probe, type Probed, Unreachable } from "../probe.ts";
import type { Subject } from "../subject.ts";
import { withUnique } from "../unique.ts";
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
  readonly taping?: Taping | undefined;
  /** Takes the place of the one that the server publishes. */
  readonly manifest?: Manifest | undefined;
}

/** What the server can do, as soon as it answers. One that the suite has started is not waited for when it has ended. */
export async function waitForSubject(
  { subject, waitMs, ended }: Target,
  { taping, manifest }: ReadyOptions = {},
): Promise<Ready> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      return await (taping === undefined ? getReady(subject, manifest) : getReadyTaped(subject, manifest, taping));
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
  given: Manifest | undefined,
  observe: Observe = (_name, look) => look(),
): Promise<Ready> {
  const isMeasured = subject.patience === undefined && subject.profile !== "websocket";
  const measuredMs = isMeasured ? await measurePlain(subject) : undefined;
  const plainMs = observe("plainMs", () => measuredMs);
  const probed = await probe(toProbed(subject, plainMs));
  const pace = observe("pace", () => toPace(subject, plainMs, probed));
  // A replay is judged by the file that its run was judged by, unless another one is named.
  const kept = observe("manifest", () => given ?? null);
  const paced = isMeasured ? toPaced(subject, pace.ms) : subject;
  const manifest = given ?? kept ?? (probed.died === undefined ? await fetchManifest(paced) : undefined);
  const capabilities = markClaims(probed.capabilities, manifest);
  return { ...probed, capabilities, pace, subject: paced, ...(manifest === undefined ? {} : { manifest }) };
}

async function getReadyTaped(subject: Subject, given: Manifest | undefined, { tape }: Taping): Promise<Ready> {
  // Until the server is there, nothing is worth keeping.
  const take = tape.take("probe");
  const called = { ...subject, dial: take.dial };
  const { subject: paced, ...ready } = await withUnique(take.unique, () => getReady(called, given, take.observe));
  take.end();
  const { dial: _dial, ...rest } = paced;
  return { ...ready, subject: subject.dial === undefined ? rest : { ...rest, dial: subject.dial } };
}
