import type { Exchange } from "../lens/exchange.ts";
import type { Subject } from "../reach/subject.ts";

/** Takes secrets out of a text. */
export type Mask = (text: string) => string;

/** What stands where a secret was. */
export const masked = "•••";

/** Shorter ones would be found in ordinary words. */
const secretLengthMin = 4;

/**
 * Replaces the given secrets wherever they stand, plain, percent-encoded, escaped for JSON or within base64, and whatever
 * follows `Bearer`. Reports are published; a key that a subject echoes must not be in them.
 */
export function createMask(secrets: readonly string[]): Mask {
  const maskSecrets = createSecretMask(secrets);
  const maskCut = createCutMask(secrets);
  return (text) =>
    maskCut(maskSecrets(text))
      .replaceAll(/(set-cookie: *[^=;\s]+=)[^;\r\n"]+/gi, `$1${masked}`)
      // A challenge such as `Bearer realm="…"` is no token.
      .replaceAll(/(bearer\s+)(?![\w-]+\s*=)[^\s"',;]+/gi, `$1${masked}`);
}

/** Masks what is known to be secret, and nothing else. */
function createSecretMask(secrets: readonly string[]): Mask {
  const known = secrets
    .filter((secret) => secret.length >= secretLengthMin)
    .flatMap(toForms)
    .filter((form, index, all) => form.length >= secretLengthMin && all.indexOf(form) === index)
    .toSorted((a, b) => b.length - a.length);
  return (text) => known.reduce((result, secret) => result.replaceAll(secret, masked), text);
}

/** Findings quote the beginning of what came, and a secret that is cut there is most of a secret. */
function createCutMask(secrets: readonly string[]): Mask {
  const forms = secrets.flatMap(toForms).map((form) => ({ form, least: Math.max(6, Math.ceil(form.length / 2)) }));
  return (text) =>
    forms.reduce((result, { form, least }) => {
      let cut = result;
      for (let length = form.length - 1; length >= least && cut.includes(form.slice(0, least)); length--)
        cut = cut.replaceAll(form.slice(0, length), masked);
      return cut;
    }, text);
}

/**
 * An exchange as it may be published. Of what the suite has sent only the secrets are masked: the wrong keys that it tries
 * are none, and a reproduction needs them.
 */
export function maskExchange(exchange: Exchange, secrets: readonly string[]): Exchange {
  const { requestHeaders, requestBody, url, reads, ...answered } = exchange;
  const [known, mask] = [createSecretMask(secrets), createMask(secrets)];
  return {
    ...maskDeep({ requestHeaders, requestBody, url }, known),
    ...maskDeep({ ...answered, headers: maskCookies(answered.headers) }, mask),
    reads: maskReads(reads, mask),
  };
}

/** Whoever has the cookie may be who it was made for. */
function maskCookies(headers: Exchange["headers"]): Exchange["headers"] {
  const { "set-cookie": cookies } = headers;
  return cookies === undefined ? headers : { ...headers, "set-cookie": cookies.replace(/=[^;]+/, `=${masked}`) };
}

/** A secret that came in two pieces is in neither of them. */
function maskReads(reads: Exchange["reads"], mask: Mask): Exchange["reads"] {
  const apart = reads.map(({ atMs, text }) => ({ atMs, text: mask(text) }));
  const whole = mask(reads.map(({ text }) => text).join(""));
  const [first] = reads;
  if (first === undefined || apart.map(({ text }) => text).join("") === whole) return apart;
  return [{ atMs: first.atMs, text: whole }];
}

/** Names of headers whose values nobody else may know; other values may be ordinary words. */
const secretName = /auth|key|token|secret|passw|cookie|credential|signature/i;
/** As in `x-portkey-provider`: it says where to, and masking its value would mask an ordinary word everywhere. */
const plainName = /-(?:provider|host|url|model|version|region|mode)$/i;

/** What must not be told of how a subject is called. */
export function toSecrets({ apiKey, headers = {}, query = "", secrets = [] }: Subject): string[] {
  const kept = Object.entries(headers).filter(([name]) => secretName.test(name) && !plainName.test(name));
  // `Basic …` and the like: the scheme is no secret, and what follows it is one by itself.
  const parameters = [...new URLSearchParams(query)].filter(([name]) => secretName.test(name));
  return [
    apiKey,
    ...secrets,
    ...parameters.map(([, value]) => value),
    ...kept.flatMap(([, value]) => [value, value.slice(value.indexOf(" ") + 1)]),
  ];
}

function toForms(secret: string): string[] {
  const percent = encodeURIComponent(secret);
  const lower = percent.replaceAll(/%../g, (code) => code.toLowerCase());
  const base64 = [0, 1, 2].map((offset) => toBase64(secret, offset)).filter((form) => form.length >= base64LengthMin);
  const base64url = base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"));
  return [secret, percent, lower, JSON.stringify(secret).slice(1, -1), ...base64, ...base64url];
}

/** Fewer characters are no secret and may stand in any base64. */
const base64LengthMin = 6;

/** What of the base64 of any text depends on the secret alone, if the secret stands at this offset modulo three. */
function toBase64(secret: string, offset: number): string {
  const bytes = Buffer.from(secret);
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString("base64")
    .replaceAll("=", "");
  const tail = (offset + bytes.length) % 3 === 0 ? 0 : 1;
  return text.slice(offset === 0 ? 0 : offset + 1, text.length - tail);
}

/** The value with every text in it masked. */
export function maskDeep<T>(value: T, mask: Mask): T {
  const walk = (item: unknown): unknown => {
    if (typeof item === "string") return mask(item);
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item !== "object" || item === null) return item;
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, walk(inner)]));
  };
  // Walking changes texts only, never the shape.
  return walk(value) as T;
}
