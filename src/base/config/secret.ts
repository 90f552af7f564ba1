import type { Config } from "../contract.ts";
import { ConfigError } from "./config-error.ts";
import type { ConfigWarning } from "./suspicion.ts";

/** The fewest characters of a secret that nobody can guess, however often and from however many places they try. */
export const strongSecretMin = 24;

/** What people leave in a file by mistake; none of it is a secret. */
const placeholders = new Set([
  "undefined",
  "null",
  "none",
  "nan",
  "true",
  "false",
  "[object object]",
  "token",
  "password",
  "passwd",
  "secret",
  "default",
  "example",
  "admin",
  "openclaw",
  "clawgate",
]);

/** What examples say instead of a secret, however long: `change-me-please`, `<your-gateway-token>`, `replace_this`. */
const exampleText =
  /^<.*>$|(?<![a-z])(?:change|replace)[-_ ]?(?:me|this|it)(?![a-z])|(?<![a-z])your[-_ ]?(?:own[-_ ]?)?(?:gateway[-_ ]?)?(?:api[-_ ]?)?(?:token|secret|password|key)(?![a-z])/i;

/** How many different characters, and different steps from one character to the next, what is drawn at random has. */
const differentCharsMin = 6;
const differentStepsMin = 4;

const advice = "Make one with: openssl rand -hex 32";

/**
 * Whether a secret withstands guessing without a limit. Random text does from 24 characters on; what repeats itself
 * (`aaaa…`, `passwordpassword…`) or counts (`abcdef…`) does not, and neither does a placeholder.
 */
export function isStrong(secret: string): boolean {
  return secret.length >= strongSecretMin && !isPlaceholder(secret) && !isUniform(secret);
}

/**
 * Throws `ConfigError` for a token that is none, or could be guessed. Where the port listens makes no difference: a
 * proxy, a tunnel or a container puts a loopback port on the network, and any process of this machine reaches it.
 */
export function assertToken(key: string, token: string): void {
  assertSecret(key, token);
  const remedy = `${advice}; or remove it, and the gateway makes one, which \`clawgate token\` prints.`;
  if (token.length < strongSecretMin) {
    const count = `${token.length} ${token.length === 1 ? "character" : "characters"}`;
    throw new ConfigError(`${key} has ${count}; a token needs at least ${strongSecretMin}. ${remedy}`);
  }
  if (isUniform(token)) throw new ConfigError(`${key} repeats itself, so that it can be guessed. ${remedy}`);
}

/** The same for a password, which may be one that people can type where only this machine reaches the port. */
export function assertPassword(key: string, password: string, local: boolean): void {
  assertSecret(key, password);
  if (local || isStrong(password)) return;
  throw new ConfigError(
    password.length < strongSecretMin
      ? `${key} has ${password.length} characters; off loopback it needs at least ${strongSecretMin}. ${advice}`
      : `${key} repeats itself, so that it can be guessed. ${advice}`,
  );
}

/** What is usable on loopback, and yet lets in whoever gets there: for the log, the terminal and `doctor`. */
export function findWeakAuth({ gateway: { auth } }: Config): ConfigWarning[] {
  if (auth.mode === "none") {
    const problem = "is 'none': every process of this machine, and whatever a proxy or tunnel lets through, may call";
    return [{ key: "gateway.auth.mode", problem }];
  }
  if (auth.mode === "password" && auth.password !== undefined && !isStrong(auth.password)) {
    const problem = `is short or repeats itself, so that only the limit on wrong credentials keeps guesses away. ${advice}`;
    return [{ key: "gateway.auth.password", problem }];
  }
  if (auth.mode === "trusted-proxy" && auth.trustedProxy?.allowLoopback === true) {
    const problem = "is true: every process of this machine can send the header that says who it is";
    return [{ key: "gateway.auth.trustedProxy.allowLoopback", problem }];
  }
  return [];
}

function assertSecret(key: string, secret: string): void {
  if (isPlaceholder(secret)) throw new ConfigError(`${key} is a placeholder or empty, not a secret. ${advice}`);
  if (!/^[\x21-\x7e]+$/.test(secret)) {
    throw new ConfigError(`${key} must consist of visible ASCII characters, since it travels in an HTTP header.`);
  }
}

function isPlaceholder(secret: string): boolean {
  const text = secret.trim();
  return text === "" || text.startsWith("${") || placeholders.has(text.toLowerCase()) || exampleText.test(text);
}

function isUniform(secret: string): boolean {
  const codes = [...Buffer.from(secret)];
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  return new Set(codes).size < differentCharsMin || new Set(steps).size < differentStepsMin || repeats(secret);
}

/** A unit that comes at least twice and fills the whole text, its last repetition cut off perhaps. */
function repeats(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period++) {
    if (text.startsWith(text.slice(period))) return true;
  }
  return false;
}
