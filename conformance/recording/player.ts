import type { Dial } from "../lens/dial.ts";
import { fromSent } from "./bytes.ts";
import { fromRecordedError } from "./error.ts";
import { Expected } from "./expected.ts";
import type { PlayedConnection, PlayedTake } from "./load.ts";
import { ReplaySocket } from "./replay-socket.ts";
import type { Take, Tape } from "./take.ts";

/** Plays the part of the server from a recording. */
export function createPlayer(takes: ReadonlyMap<string, PlayedTake>, died: boolean): Tape {
  return {
    take: (name) => playTake(takes.get(name)),
    replayed: { has: (name) => takes.has(name), died },
  };
}

/** A finding of its own, since nothing can be said about the server. */
class Stale extends Error {
  override readonly name = "Stale";
}

function playTake(recorded: PlayedTake | undefined): Take {
  const { connections = [], observed = {}, unique = "", cut } = recorded ?? {};
  const used = new Set<PlayedConnection>();
  let [dialled, stale]: [number, string | undefined] = [0, undefined];
  const bind = (said: string | undefined): PlayedConnection | undefined => {
    const found = said === undefined ? findSilent(connections, used) : findSaid(connections, used, said);
    if (found !== undefined) used.add(found);
    return found;
  };
  const dial: Dial = () => {
    const next = connections[dialled++];
    if (next?.refused !== undefined) return Promise.reject(fromRecordedError(next.refused));
    const tell = (said: string): void => {
      stale ??= `the suite asks what the recording does not have: ${JSON.stringify(said.slice(0, 400))}`;
      socket.destroy(new Stale(stale));
    };
    const bindOrTell = (said: string | undefined): PlayedConnection | undefined => {
      const found = bind(said);
      if (found !== undefined || said === undefined) return found;
      // Of calls that are made at once another one may have been refused then.
      const refused = connections.find((one) => one.refused !== undefined)?.refused;
      if (refused === undefined) tell(said);
      else socket.destroy(fromRecordedError(refused));
      return undefined;
    };
    const socket = new ReplaySocket(bindOrTell, tell);
    return Promise.resolve(socket);
  };
  return {
    dial,
    unique,
    // What was observed is what `look` gave.
    observe: <T>(name: string, look: () => T): T => (name in observed ? (observed[name] as T) : look()),
    stale: () => {
      if (cut !== undefined) return `the recording was cut here: ${cut}`;
      return stale ?? (recorded === undefined && dialled > 0 ? "the recording has nothing of this case" : undefined);
    },
    end: () => Promise.resolve(),
  };
}

function findSilent(
  connections: readonly PlayedConnection[],
  used: ReadonlySet<PlayedConnection>,
): PlayedConnection | undefined {
  return connections.find((one) => !used.has(one) && one.refused === undefined && one.begins !== "suite");
}

/** The one that begins so: in the order in which they were recorded, as cases that ask in parallel may come in another one. */
function findSaid(
  connections: readonly PlayedConnection[],
  used: ReadonlySet<PlayedConnection>,
  said: string,
): PlayedConnection | undefined {
  const unused = (list: readonly PlayedConnection[]) => list.find((one) => !used.has(one));
  const find = (isExact: boolean) => {
    const fits = connections.filter((one) => one.sent.length > 0 && new Expected(one, { isExact }).take(said));
    const whole = fits.filter((one) => toFirst(one).length <= said.length);
    return { whole, found: unused(whole) ?? unused(fits) };
  };
  // Of two calls that differ in what was hidden each has its own, if it can be told.
  const [exact, any] = [find(true), find(false)];
  const again = exact.whole.at(-1) ?? any.whole.at(-1);
  // Whoever asks until something is so may ask once more than then: the last answer holds.
  return exact.found ?? any.found ?? again ?? unused(connections.filter(isLeft));
}

function isLeft({ refused, begins }: PlayedConnection): boolean {
  return refused === undefined && begins === "never";
}

function toFirst({ sent: [first] }: PlayedConnection): string {
  return first === undefined ? "" : fromSent(first);
}
