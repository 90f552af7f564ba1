/** What is hidden, and what stands in its place: as long as it. */
export interface Form {
  readonly secret: string;
  readonly standIn: string;
  /** So much of it is a secret as well. */
  readonly least: number;
}

/** Shorter ones stand in ordinary words. */
export const secretLengthMin = 4;
/** So much of a secret is a secret; what is shorter, such as `0123456789`, may stand in other words. */
const toLeast = (secret: string): number => Math.min(secret.length, Math.max(8, Math.ceil(secret.length / 2)));

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

/** A secret in all the ways in which it may be written. Texts have one character for each byte. */
export function toForms(secret: string): Form[] {
  if (secret.length < secretLengthMin) return [];
  const standIn = toStandIn(secret);
  const known = new Set<string>();
  return writings.flatMap((write): Form[] => {
    const [form, other] = [toBytes(write(secret)), toBytes(write(standIn))];
    if (form.length < secretLengthMin || form.length !== other.length || known.has(form)) return [];
    known.add(form);
    return [{ secret: form, standIn: other, least: toLeast(form) }];
  });
}

const base64s = [0, 1, 2].map((offset) => (text: string) => toBase64(text, offset));
const toUrlSafe = (text: string): string => text.replaceAll("+", "-").replaceAll("/", "_");

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
