/** Where the time comes from; tests bring clocks that jump. */
export interface Clock {
  /** Milliseconds that only grow, as `performance.now` gives them. */
  readonly monotonic: () => number;
  /** The time of day, in milliseconds, which whoever keeps the machine may set. */
  readonly wall: () => number;
  /** How long this process has worked, in milliseconds. */
  readonly worked: () => number;
}

const machine: Clock = { monotonic: () => performance.now(), wall: () => Date.now(), worked };

function worked(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const tickMs = 200;
/**
 * Later than this without work of its own, a tick says that the process stood still, and that what was measured meanwhile is
 * no server's doing. One that works long over what a server floods it with does not stand still.
 */
const stillMsMax = 1500;
/** NTP slews by less; a change of more is a jump. */
const jumpMsMax = 500;

export interface ClockWatch {
  /** What made times useless between then and now, in words; undefined if nothing did. */
  readonly findFault: (fromMs: number) => string | undefined;
  readonly now: () => number;
  readonly stop: () => void;
}

/** Notices when the process is stopped or starved, and when the time of day is set: measurements of that time are worth nothing. */
export function watchClock(clock: Clock = machine): ClockWatch {
  const faults: { readonly atMs: number; readonly what: string }[] = [];
  let last = clock.monotonic();
  let lastWorked = clock.worked();
  let offset = readOffset(clock) ?? clock.wall() - last;
  const check = (): void => {
    const now = clock.monotonic();
    const workedMs = clock.worked() - lastWorked;
    lastWorked += workedMs;
    const stillMs = now - last - tickMs - workedMs;
    if (stillMs > stillMsMax) faults.push({ atMs: now, what: `the suite stood still for ${toSeconds(stillMs)}` });
    last = now;
    const jumpMs = (readOffset(clock) ?? offset) - offset;
    if (Math.abs(jumpMs) <= jumpMsMax) return;
    offset += jumpMs;
    faults.push({ atMs: now, what: `the clock of this machine was set by ${toSeconds(jumpMs)}` });
  };
  const timer = setInterval(check, tickMs).unref();
  return {
    findFault: (fromMs) => {
      check();
      return faults.find(({ atMs }) => atMs >= fromMs)?.what;
    },
    now: clock.monotonic,
    stop: () => clearInterval(timer),
  };
}

const readsMax = 5;
const heldMsMax = 50;

/** The time of day less the other. Undefined where the process is held up between the two looks: that is no jump of either. */
function readOffset({ monotonic, wall }: Clock): number | undefined {
  for (let reads = 0; reads < readsMax; reads++) {
    const before = monotonic();
    const offset = wall() - before;
    if (monotonic() - before <= heldMsMax) return offset;
  }
  return undefined;
}

function toSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
