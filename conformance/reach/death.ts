import type { Exchange } from "../lens/exchange.ts";
import type { Result } from "../verdict.ts";

/** The subject stopped answering on the way. */
export interface Death {
  /** What was seen, in one sentence. */
  readonly message: string;
  /** The cases that asked when it stopped: one of their calls is what it could not bear. */
  readonly cases: readonly string[];
  /** The calls that it did not answer any more. */
  readonly exchanges: readonly Exchange[];
}

const shownMax = 8;

/** What a death is told from: the results that had no answer since the last one that had. */
export function toDeath(unanswered: readonly Result[]): Death {
  // A call that nobody took came after it; one that broke off, or hung, is nearer to the cause.
  const asked = unanswered.filter(({ exchanges }) => exchanges.some((exchange) => !isRefused(exchange)));
  const named = asked.length > 0 ? asked : unanswered;
  const exchanges = named
    .flatMap((result) => result.exchanges.filter((one) => one.end !== "complete"))
    .slice(0, shownMax);
  const cases = [...new Set(named.map(toName))];
  const [first] = exchanges;
  const last = first === undefined ? "" : `, last at ${toCall(first)}: ${first.failure ?? first.end}`;
  return { message: `the server stopped answering while it was asked by ${cases.join(", ")}${last}`, cases, exchanges };
}

/** The death that a probe was followed by, before any case, told from what each of them has asked. */
export function toProbeDeath(asked: ReadonlyMap<string, readonly Exchange[]>): Death {
  const isOpen = ({ end }: Exchange): boolean => end !== "complete";
  const open = [...asked.values()].flat().filter(isOpen);
  // As above: what was asked when nobody was there any more has not killed anybody.
  const isAsking = (one: Exchange): boolean => isOpen(one) && !isRefused(one);
  const asking = [...asked].flatMap(([name, exchanges]) => (exchanges.some(isAsking) ? [name] : []));
  const names = asking.length > 0 ? asking : [...asked.keys()];
  const cause = open.find((exchange) => !isRefused(exchange)) ?? open[0];
  const last = cause === undefined ? "" : ` (${toCall(cause)}: ${cause.failure ?? cause.end})`;
  const message = `the server stopped answering while it was probed for ${names.join(", ")}${last}, before the first case`;
  return {
    message,
    cases: [],
    exchanges: (cause === undefined ? open : [cause, ...open.filter((one) => one !== cause)]).slice(0, shownMax),
  };
}

export function isRefused({ end, failure = "" }: Exchange): boolean {
  return end === "none" && failure.includes("ECONNREFUSED");
}

function toCall({ method, url, requestHeaders }: Exchange): string {
  const path = URL.parse(url)?.pathname ?? url;
  const length = requestHeaders["content-length"];
  return `${method} ${path}${length === undefined ? "" : ` with content-length ${length}`}`;
}

function toName({ id, sdk }: Result): string {
  return sdk === undefined ? id : `${id} (openai ${sdk})`;
}
