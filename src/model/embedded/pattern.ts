import { runInThisContext } from "node:vm";
import { toPoints } from "./points.ts";

/** A pattern comes from a client. One that backtracks for longer than this is not tried further, nor is any other. */
const matchMsMax = 20;
const matchesMax = 500;
const patternUnitsMax = 1_000;
const resultUnitsMax = 1_000;
/** How often an unbounded quantifier repeats at most. */
const extraMax = 128;

/** Whether the text matches the pattern. False for a pattern that is no regular expression. */
export type Matcher = (pattern: string, text: string) => boolean;

/** A matcher for one request: once it has taken too long, or was asked too often, it finds no match any more. */
export function createMatcher(): Matcher {
  let left = matchesMax;
  return (pattern, text) => {
    if (left <= 0 || pattern.length > patternUnitsMax) return false;
    left -= 1;
    try {
      return isMatch(`new RegExp(${JSON.stringify(pattern)}, "u").test(${JSON.stringify(text)})`);
    } catch (error) {
      if (!(error instanceof SyntaxError)) left = 0;
      return false;
    }
  };
}

/** Only a script of its own can be stopped in the middle of a match. */
function isMatch(script: string): boolean {
  const before = process.threadCpuUsage();
  for (;;) {
    try {
      return runInThisContext(script, { timeout: matchMsMax }) === true;
    } catch (error) {
      // On a busy machine the time may be over before the match has had any of it.
      const { user, system } = process.threadCpuUsage(before);
      if (error instanceof SyntaxError || (user + system) / 1_000 > matchMsMax / 2) throw error;
    }
  }
}

export interface Wish {
  readonly matches: Matcher;
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
export function toMatch(pattern: string, { least, most, variant, matches }: Wish): string | undefined {
  if (pattern.length > patternUnitsMax) return undefined;
  // Unbounded quantifiers repeat more and more until the text is long enough.
  for (let extra = 0; extra <= Math.min(least, extraMax); extra += 1) {
    const text = new Writer(pattern, extra, variant).write();
    if (text === undefined) return undefined;
    const length = toPoints(text).length;
    if (length >= least) return length <= most && matches(pattern, text) ? text : undefined;
  }
  return undefined;
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

  constructor(pattern: string, extra: number, variant: number) {
    this.pattern = pattern;
    this.extra = extra;
    this.choice = variant;
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
    const members = toMembers(body);
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
