import { runInThisContext } from "node:vm";
import { toPoints } from "./points.ts";
import { costs, type Work } from "./work.ts";

/** A pattern comes from a client. One that backtracks for longer than this is not tried further, nor is any other. */
const matchMsMax = 20;
const matchesMax = 150;
const patternUnitsMax = 1_000;
const resultUnitsMax = 1_000;
/** How often an unbounded quantifier repeats at most. */
const extraMax = 128;

/** The first of the texts that matches the pattern. Undefined for a pattern that is no regular expression. */
export type FindMatch = (pattern: string, texts: readonly string[]) => string | undefined;

/**
 * For one request: once its matches have taken too long together, or were too many, it finds none any more. What regular
 * expressions cost cannot be counted, only timed.
 */
export function createFindMatch(): FindMatch {
  const known = new Map<string, string | undefined>();
  let left = matchesMax;
  let msLeft = matchMsMax;
  const find: FindMatch = (pattern, texts) => {
    if (left <= 0 || msLeft <= 0) return undefined;
    left -= 1;
    const test = `new RegExp(${JSON.stringify(pattern)}, "u")`;
    const match = runWithin(msLeft, `${JSON.stringify(texts)}.find((text) => ${test}.test(text))`);
    msLeft -= match.ms;
    return match.found;
  };
  return (pattern, texts) => {
    if (texts.length === 0 || pattern.length > patternUnitsMax) return undefined;
    const key = JSON.stringify([pattern, texts]);
    const found = known.has(key) ? known.get(key) : find(pattern, texts);
    known.set(key, found);
    return found;
  };
}

/** Only a script of its own can be stopped in the middle of a match. */
function runWithin(timeout: number, script: string): { readonly found: string | undefined; readonly ms: number } {
  const before = process.threadCpuUsage();
  const toMs = (): number => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1_000;
  };
  for (;;) {
    try {
      const found: unknown = runInThisContext(script, { timeout: Math.ceil(timeout) });
      return { found: typeof found === "string" ? found : undefined, ms: toMs() };
    } catch (error) {
      if (error instanceof SyntaxError) return { found: undefined, ms: toMs() };
      // On a busy machine the time may be over before the match had any of it.
      if (toMs() > timeout / 2) return { found: undefined, ms: matchMsMax };
    }
  }
}

export interface Wish {
  readonly findMatch: FindMatch;
  readonly work: Work;
  /** The length of the text in code points. */
  readonly least: number;
  readonly most: number;
  /** Counted from 0; other variants try to differ. */
  readonly variant: number;
}

/**
 * A text that matches a simple pattern: literals, escapes, classes, groups, alternatives and quantifiers. Undefined for
 * anything else (look-around, back references) and where no match has the wanted length.
 */
export function toMatch(pattern: string, { least, most, variant, findMatch, work }: Wish): string | undefined {
  if (pattern.length > patternUnitsMax || least > resultUnitsMax) return undefined;
  const write = (extra: number): string | undefined => {
    work.spend((pattern.length + resultUnitsMax) * costs.key);
    return new Writer(pattern, extra, variant, work).write();
  };
  const isEnough = (text: string | undefined): boolean => text === undefined || toPoints(text).length >= least;
  // Unbounded quantifiers repeat as often as it takes; the oftener, the longer.
  let [low, high] = [0, Math.min(least, extraMax)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(write(middle))) high = middle;
    else low = middle + 1;
  }
  const text = write(low);
  if (text === undefined || !isEnough(text) || toPoints(text).length > most) return undefined;
  work.spend(costs.match);
  return findMatch(pattern, [text]);
}

const classes: Readonly<Record<string, string>> = {
  d: "0123456789",
  w: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
  s: " ",
  t: "\t",
  n: "\n",
  r: "\r",
  D: "a",
  W: "-",
  S: "a",
};

/** Reads a pattern from left to right and writes a text that it matches, all in one go. */
class Writer {
  private at = 0;
  private choice: number;
  private readonly pattern: string;
  private readonly extra: number;
  private readonly work: Work;

  constructor(pattern: string, extra: number, variant: number, work: Work) {
    this.pattern = pattern;
    this.extra = extra;
    this.choice = variant;
    this.work = work;
  }

  write(): string | undefined {
    const text = this.alternatives();
    return this.at === this.pattern.length ? text : undefined;
  }

  private alternatives(): string | undefined {
    let first = this.sequence();
    while (first !== undefined && this.pattern[this.at] === "|") {
      this.at += 1;
      // Read over, not used: the first alternative will do.
      if (this.sequence() === undefined) first = undefined;
    }
    return first;
  }

  private sequence(): string | undefined {
    let text = "";
    while (this.at < this.pattern.length && !"|)".includes(this.pattern[this.at] ?? "")) {
      const one = this.quantified();
      if (one === undefined || text.length > resultUnitsMax) return undefined;
      text += one;
    }
    return text;
  }

  private quantified(): string | undefined {
    const atom = this.atom();
    if (atom === undefined) return undefined;
    const [whole, sign, least = "0", comma, most] =
      /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/.exec(this.pattern.slice(this.at)) ?? [];
    if (whole === undefined) return atom;
    this.at += whole.length;
    if (sign === "?") return "";
    const minimum = sign === "+" ? 1 : sign === "*" ? 0 : Number(least);
    const maximum = sign !== undefined || (comma && !most) ? Infinity : comma ? Number(most) : minimum;
    const times = Math.min(minimum + this.extra, maximum);
    return times * atom.length > resultUnitsMax ? undefined : atom.repeat(times);
  }

  private atom(): string | undefined {
    const character = String.fromCodePoint(this.pattern.codePointAt(this.at) ?? 0);
    this.at += character.length;
    if (character === "^" || character === "$") return "";
    if (character === ".") return this.pick("abcdefghijklmnopqrstuvwxyz");
    if (character === "\\") return this.escape();
    if (character === "[") return this.characterClass();
    if (character === "(") return this.group();
    return "*+?{".includes(character) ? undefined : character;
  }

  private escape(): string | undefined {
    const character = this.pattern[this.at] ?? "";
    this.at += 1;
    if (Object.hasOwn(classes, character)) return this.pick(classes[character] ?? "");
    // Other letters and digits are boundaries, properties, code points and back references.
    return /^[a-z0-9]?$/i.test(character) ? undefined : character;
  }

  private group(): string | undefined {
    const [opening] = /^\?(?::|<[A-Za-z]\w*>)/.exec(this.pattern.slice(this.at)) ?? [""];
    this.at += opening.length;
    if (opening === "" && this.pattern[this.at] === "?") return undefined;
    const text = this.alternatives();
    if (this.pattern[this.at] !== ")") return undefined;
    this.at += 1;
    return text;
  }

  private characterClass(): string | undefined {
    const [whole, not, body = ""] = /^(\^?)((?:\\.|[^\]\\])+)\]/u.exec(this.pattern.slice(this.at)) ?? [];
    if (whole === undefined) return undefined;
    this.at += whole.length;
    this.work.spend(body.length * costs.key);
    const members = toMembers(body);
    this.work.spend((members?.length ?? 0) * costs.key);
    if (not !== "^") return members === undefined ? undefined : this.pick(members);
    const others = toPoints(`${classes["w"]} -.`).filter((one) => !members?.includes(one));
    return members === undefined || others.length === 0 ? undefined : this.pick(others.join(""));
  }

  /** Each choice uses up one digit of the variant, so that the variants run through all combinations. */
  private pick(members: string): string {
    const points = toPoints(members);
    const picked = points[this.choice % points.length] ?? "";
    this.choice = Math.floor(this.choice / points.length);
    return picked;
  }
}

function toMembers(body: string): string | undefined {
  let members = "";
  for (const [, from = "", to] of body.matchAll(/(\\.|[^\\])(?:-(\\.|[^\\]))?/gu)) {
    if (to !== undefined) members += range(literal(from) ?? "", literal(to) ?? "");
    else
      members +=
        from.startsWith("\\") && Object.hasOwn(classes, from[1] ?? "") ? classes[from[1] ?? ""] : literal(from);
  }
  return members === "" ? undefined : members;
}

function literal(text: string): string {
  return text.startsWith("\\") ? text.slice(1) : text;
}

/** The first hundred characters of the range are choice enough. */
function range(from: string, to: string): string {
  const first = from.codePointAt(0) ?? 0;
  const last = Math.min(to.codePointAt(0) ?? 0, first + 99);
  let members = "";
  for (let code = first; code <= last; code += 1) members += String.fromCodePoint(code);
  return members;
}
