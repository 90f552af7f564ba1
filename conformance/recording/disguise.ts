import { type Form, toForms } from "./secret-forms.ts";

/** Where something was hidden: its place and its length. */
export type Hidden = readonly [at: number, length: number];

/** Puts something of the same length in the place of secrets, so that lengths that were announced still hold. */
export interface Disguise {
  readonly hide: (bytes: string) => string;
  /** For what comes in pieces. */
  readonly begin: () => Hiding;
}

/** A text that comes in pieces, any of which a secret may begin in; what comes out is as long in all, and a little later. */
export interface Hiding {
  readonly take: (bytes: string) => string;
  readonly end: () => string;
  /** Called for each place, counted from the beginning of the text, before what stands there comes out. */
  onHidden?: (place: Hidden) => void;
}

interface Options {
  /** Texts that stand in the recording anyway, such as the name of the model; what is part of one is no secret. */
  readonly plain?: readonly string[];
  /** Hidden as well, but only whole. */
  readonly whole?: Readonly<Record<string, string>>;
}

/**
 * Finds the secrets plain, percent-encoded, escaped for JSON, in other cases and within base64, whole or in long pieces.
 * Texts have one character for each byte.
 */
export function createDisguise(secrets: readonly string[], { plain = [], whole = {} }: Options = {}): Disguise {
  const wholes = Object.entries(whole).map(([secret, standIn]) => ({ secret, standIn, least: secret.length }));
  const forms = [...secrets.flatMap(toForms), ...wholes];
  const grams = new Grams(forms);
  const longest = Math.max(0, ...forms.map(({ secret }) => secret.length));
  const isPlain = (found: string): boolean => plain.some((text) => text.includes(found));
  const begin = (): Hiding => {
    let [left, before] = ["", 0];
    const hiding: Hiding = {
      // What has less behind it than may be hidden waits for it.
      take: (bytes) => (forms.length === 0 ? bytes : go(left + bytes, left.length + bytes.length - longest + 1)),
      end: () => go(left, left.length),
    };
    function go(text: string, to: number): string {
      let [result, copied, at] = ["", 0, 0];
      for (let gram = toGram(text, 0); at < to; gram = followGram(gram, text, ++at)) {
        const found = grams.find(gram, text, at);
        if (found === undefined || isPlain(text.slice(at, at + found.length))) continue;
        hiding.onHidden?.([before + at, found.length]);
        result += text.slice(copied, at) + found;
        copied = at + found.length;
        at = copied - 1;
        gram = toGram(text, at);
      }
      left = text.slice(at);
      before += at;
      return result + text.slice(copied, at);
    }
    return hiding;
  };
  const hide = (bytes: string): string => {
    const hiding = begin();
    return hiding.take(bytes) + hiding.end();
  };
  return { hide, begin };
}

const gramLength = 4;
/** Of one whose letters are all the same each place would be the beginning of each piece. */
const triesMax = 200;
const slots = 1 << 16;

/** Where in the forms each four characters stand: a long text is walked once, however many forms there are. */
class Grams {
  readonly #forms: readonly Form[];
  /** By slot the last entry whose gram has it, and by entry the one before; -1 is none. */
  readonly #last = new Int32Array(slots).fill(-1);
  readonly #entries: { readonly form: number; readonly at: number; readonly previous: number }[] = [];

  constructor(forms: readonly Form[]) {
    this.#forms = forms;
    for (const [form, { secret, least }] of forms.entries())
      // Where less than `least` is left, no piece begins.
      for (let at = 0; at <= secret.length - least; at++) {
        const slot = toSlot(toGram(secret, at));
        this.#last[slot] = this.#entries.push({ form, at, previous: this.#last[slot] ?? -1 }) - 1;
      }
  }

  /** What stands for the longest piece that begins here. */
  find(gram: number, text: string, at: number): string | undefined {
    let entry = this.#entries[this.#last[toSlot(gram)] ?? -1];
    let found = "";
    for (let tries = 0; entry !== undefined && tries < triesMax; tries++) {
      const form = this.#forms[entry.form];
      const length = form === undefined ? 0 : countSame(text, at, form.secret, entry.at);
      if (form !== undefined && length >= form.least && length > found.length)
        found = form.standIn.slice(entry.at, entry.at + length);
      entry = this.#entries[entry.previous];
    }
    return found === "" ? undefined : found;
  }
}

/** Four characters in a number; past the end of a text the codes are `NaN`, which counts as 0. */
function toGram(text: string, at: number): number {
  let gram = 0;
  for (let place = at; place < at + gramLength; place++) gram = (gram << 8) | text.charCodeAt(place);
  return gram;
}

/** That which is one further. */
function followGram(gram: number, text: string, at: number): number {
  return (gram << 8) | text.charCodeAt(at + gramLength - 1);
}

function toSlot(gram: number): number {
  return Math.imul(gram, 0x9e3779b1) >>> 16;
}

function countSame(a: string, atA: number, b: string, atB: number): number {
  let count = 0;
  while (atA + count < a.length && atB + count < b.length && a[atA + count] === b[atB + count]) count++;
  return count;
}
