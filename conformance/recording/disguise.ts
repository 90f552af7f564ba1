/** Puts something of the same length in the place of secrets, so that lengths that were announced still hold. */
export type Disguise = (bytes: string) => string;

/** Shorter ones stand in ordinary words. */
const secretLengthMin = 4;
/** So much of a secret is a secret; what is shorter, such as `0123456789`, may stand in other words. */
const toPieceLength = (secret: string): number => Math.min(secret.length, Math.max(8, Math.ceil(secret.length / 2)));

const lower = "recordedinplaceofthesecret";
const digits = "1029384756";

/** What stands for a secret in a recording, and is the key of its replay: letters for letters, digits for digits. */
export function toStandIn(secret: string): string {
  return Array.from(secret, (character, at) => {
    const letter = lower[at % lower.length] ?? "x";
    if (/[a-z]/.test(character)) return letter;
    if (/[A-Z]/.test(character)) return letter.toUpperCase();
    return /\d/.test(character) ? (digits[at % digits.length] ?? "0") : character;
  }).join("");
}

interface Form {
  readonly secret: string;
  readonly standIn: string;
}

/**
 * Finds the secrets plain, percent-encoded, escaped for JSON, in other cases and within base64, whole or in long pieces.
 * Texts have one character for each byte.
 */
export function createDisguise(secrets: readonly string[]): Disguise {
  const forms = secrets.filter((secret) => secret.length >= secretLengthMin).flatMap(toForms);
  const places = new Map<string, { readonly form: Form; readonly at: number }[]>();
  const lengths = new Set<number>();
  for (const form of forms) {
    const length = toPieceLength(form.secret);
    lengths.add(length);
    for (let at = 0; at + length <= form.secret.length; at++) {
      const piece = form.secret.slice(at, at + length);
      places.set(piece, [...(places.get(piece) ?? []), { form, at }]);
    }
  }
  if (forms.length === 0) return (bytes) => bytes;
  const sizes = [...lengths].toSorted((a, b) => b - a);
  const begins = new Set([...places.keys()].map((piece) => piece.slice(0, 2)));
  return (bytes) => {
    let [result, copied] = ["", 0];
    for (let at = 0; at < bytes.length; at++) {
      if (!begins.has(bytes.slice(at, at + 2))) continue;
      const found = sizes.flatMap((size) => places.get(bytes.slice(at, at + size)) ?? []);
      const longest = found
        .map(({ form, at: begin }) => form.standIn.slice(begin, begin + countSame(bytes, at, form.secret, begin)))
        .toSorted((a, b) => b.length - a.length)[0];
      if (longest === undefined) continue;
      result += bytes.slice(copied, at) + longest;
      at += longest.length - 1;
      copied = at + 1;
    }
    return copied === 0 ? bytes : result + bytes.slice(copied);
  };
}

function countSame(a: string, atA: number, b: string, atB: number): number {
  let count = 0;
  while (atA + count < a.length && atB + count < b.length && a[atA + count] === b[atB + count]) count++;
  return count;
}

function toForms(secret: string): Form[] {
  const standIn = toStandIn(secret);
  const forms = writings.map((write) => ({ secret: toBytes(write(secret)), standIn: toBytes(write(standIn)) }));
  const known = new Set<string>();
  return forms.filter(({ secret: form, standIn: other }) => {
    const isNew = form.length >= secretLengthMin && form.length === other.length && !known.has(form);
    return isNew && known.add(form);
  });
}

const base64s = [0, 1, 2].map((offset) => (text: string) => toBase64(text, offset));
const toUrlSafe = (text: string): string => text.replaceAll("+", "-").replaceAll("/", "_");

/** The ways in which a secret may be written. */
const writings: readonly ((text: string) => string)[] = [
  (text) => text,
  encodeURIComponent,
  (text) => encodeURIComponent(text).replaceAll(/%../g, (code) => code.toLowerCase()),
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  (text) => Buffer.from(text).toString("hex"),
  ...base64s,
  ...base64s.map((write) => (text: string) => toUrlSafe(write(text))),
];

/** What of the base64 of any text depends on this part alone, if it stands at this offset modulo three. */
function toBase64(text: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]);
  const whole = bytes.toString("base64").replaceAll("=", "");
  return whole.slice(offset === 0 ? 0 : offset + 1, whole.length - (bytes.length % 3 === 0 ? 0 : 1));
}

function toBytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}

const cookie = /^set-cookie: *[^=;\r\n]+=([^;\r\n]{4,})/gim;
/** No word of a text, which tokens in the sense of a model are. */
const token = /"\w*(?:token|secret|passw|api_?key|credential)\w*"\s*:\s*"([\w.~+/=-]{16,})"/gi;

/** What the server hands out and nobody else may know: cookies, and tokens that it makes. */
export function findSecrets(came: string, sent: string): string[] {
  const found = [...came.matchAll(cookie), ...came.matchAll(token)].flatMap(([, value]) => value ?? []);
  return found.filter((value) => !sent.includes(value));
}
