import { validateHeaderName, validateHeaderValue } from "node:http";
import { resolve } from "node:path";
import { readText, secretBytesMax } from "../file.ts";
import { createProxyDial, findProxy } from "../lens/proxy.ts";
import type { Subject } from "../reach/subject.ts";
import { type Terminal, UsageError } from "../terminal.ts";

/** The flags that say what a server wants beside its address, its key and its model. */
export interface ReachFlags {
  readonly header: Readonly<Record<string, string>>;
  /** Names of headers, and where their values stand. */
  readonly headerEnv: Readonly<Record<string, string>>;
  readonly headerFile: Readonly<Record<string, string>>;
  readonly query: readonly string[];
  readonly proxy?: string;
}

/** How the server behind this address is called. */
export function toReach(
  address: URL,
  flags: ReachFlags,
  terminal: Terminal,
): Pick<Subject, "headers" | "query" | "secrets" | "dial"> {
  const secret = { ...readVariables(flags.headerEnv, terminal), ...readFiles(flags.headerFile, terminal) };
  const query = [address.search.slice(1), ...flags.query.map(toParameter)].filter((part) => part !== "").join("&");
  const named = flags.proxy ?? findProxy(address, terminal.environment);
  const proxy = named === undefined ? undefined : parseProxy(named);
  const hidden = proxy === undefined ? [] : [proxy.password, decodeURIComponent(proxy.password)];
  const secrets = [...Object.values(secret), ...hidden].filter((text) => text !== "");
  return {
    headers: { ...flags.header, ...secret },
    ...(query === "" ? {} : { query }),
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(proxy === undefined ? {} : { dial: createProxyDial(proxy) }),
  };
}

function readVariables(names: ReachFlags["headerEnv"], { environment }: Terminal): Record<string, string> {
  return mapValues(names, (header, name) => {
    const value = environment[name] ?? "";
    if (value === "") throw new UsageError(`--header-env ${header}=${name}: the variable ${name} is not set.`);
    return checked(header, value, `--header-env ${header}=${name}`);
  });
}

function readFiles(files: ReachFlags["headerFile"], { cwd }: Terminal): Record<string, string> {
  return mapValues(files, (header, file) => {
    let value: string;
    try {
      value = readText(resolve(cwd, file), secretBytesMax).trim();
    } catch (error) {
      throw new UsageError(`Cannot read the header file ${file}: ${(error as Error).message}`, { cause: error });
    }
    return checked(header, value, `--header-file ${header}=${file}`);
  });
}

/** What is wrong with a secret is told without it. */
function checked(name: string, value: string, flag: string): string {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return value;
  } catch {
    throw new UsageError(`${flag}: that is no value of a header.`);
  }
}

function mapValues(
  values: Readonly<Record<string, string>>,
  to: (name: string, value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, to(name, value)]));
}

function toParameter(text: string): string {
  const equals = text.indexOf("=");
  if (equals < 1) throw new UsageError(`--query takes name=value, not '${text}'.`);
  return [text.slice(0, equals), text.slice(equals + 1)].map(encodeURIComponent).join("=");
}

function parseProxy(text: string): URL {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  // It may hold a password, so it is not quoted.
  throw new UsageError("--proxy, or the variable that names one, must be an http or https URL.");
}
