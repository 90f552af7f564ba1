import type { Stats } from "node:fs";
import { resolve } from "node:path";
import { ConfigError, type ConfigPath, type ConfigProblem } from "./config-error.ts";
import { grants, readFile, toFileReason } from "./file-trust.ts";
import type { Environment } from "./source.ts";
import {
  type ConfigWarning,
  findKeyTrouble,
  findQuotationMarks,
  isBareReference,
  looksLikeReference,
} from "./suspicion.ts";
import { fillTemplate } from "./template.ts";

/** The way from the root to a text. */
export type TextPath = ConfigPath;

/** A text that references filled, and how it may be shown. */
export interface FilledText {
  readonly path: TextPath;
  readonly shown: string;
}

export interface Resolved {
  readonly value: unknown;
  readonly filled: readonly FilledText[];
  readonly warnings: readonly ConfigWarning[];
  /** References that cannot be resolved; whoever finds one may use nothing of the value. */
  readonly problems: readonly ConfigProblem[];
}

/**
 * Replaces every `${NAME}` in a text by the environment variable and every `{ file: "path" }` by the content of the file,
 * the path being relative to `folder`. A reference that cannot be resolved is a problem which names its key, never an
 * empty text: an empty token would let everyone in.
 */
export function resolveReferences(value: unknown, environment: Environment, folder: string): Resolved {
  const resolver = new Resolver(environment, folder);
  return { value: resolver.resolve(value, []), ...resolver.findings };
}

/** Texts that are read by a model, in which `$HOME` and quotation marks are words like others. */
const prose = /^agents\.(defaults|list\[\d+\])\.instructions$/;

/** A key, or a certificate with its chain, is far shorter. */
const secretBytesMax = 65_536;
const proseBytesMax = 1_048_576;

const providerKey = /^models\.providers\.[^.]+\.apiKey$/;

class Resolver {
  readonly findings = {
    filled: [] as FilledText[],
    warnings: [] as ConfigWarning[],
    problems: [] as ConfigProblem[],
  };
  /** The keys whose values are suspicious. */
  readonly #warned = new Set<string>();
  readonly #environment: Environment;
  readonly #folder: string;

  constructor(environment: Environment, folder: string) {
    this.#environment = environment;
    this.#folder = folder;
  }

  resolve(value: unknown, path: TextPath): unknown {
    if (typeof value === "string") return this.#try(path, value, () => this.#fill(value, path));
    if (Array.isArray(value)) return value.map((item, index) => this.resolve(item, [...path, index]));
    if (typeof value !== "object" || value === null) return value;
    const file = toFileReference(value);
    if (file !== undefined) return this.#try(path, file, () => this.#readFile(file, path));
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.resolve(item, [...path, name])]));
  }

  /** What cannot be resolved stays as it stands: it is no reason not to look at the rest. */
  #try(path: TextPath, text: string, read: () => string): string {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.findings.problems.push({ message: error.message, path });
      return text;
    }
  }

  #fill(text: string, path: TextPath): string {
    const key = toKey(path);
    const refuse = (problem: string): never => {
      throw new ConfigError(`${key} ${problem}`);
    };
    const read = (name: string): string | undefined => this.#readVariable(name, path);
    const { value, shown, literals, hasVariables } = fillTemplate(text, read, refuse);
    if (!prose.test(key) && literals.some(looksLikeReference)) {
      refuse(
        "has what looks like a reference and is none. References are `${NAME}` and `${NAME:-default}`; what is meant as it stands comes from a variable or a file.",
      );
    }
    if (hasVariables) this.findings.filled.push({ path, shown });
    this.#warn(value, key);
    return value;
  }

  /** Trimmed as files are: line ends of Windows and of `echo` are no part of a key. */
  #readVariable(name: string, path: TextPath): string | undefined {
    const value = Object.hasOwn(this.#environment, name) ? this.#environment[name]?.trim() : undefined;
    if (!value) return undefined;
    this.#examine(value, `the environment variable ${name}`, path);
    return value;
  }

  #readFile(template: string, path: TextPath): string {
    const key = toKey(path);
    const file = resolve(this.#folder, this.#fill(template, [...path, "file"]));
    let text: string;
    try {
      const opened = readFile(file, { bytesMax: prose.test(key) ? proseBytesMax : secretBytesMax });
      text = opened.text.trim();
      if (!prose.test(key)) this.#examineMode(opened.stats, file, key);
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      throw new ConfigError(
        `${key} refers to the file ${file}, which cannot be read: ${toFileReason(error as Error)}.`,
        {
          cause: error,
        },
      );
    }
    if (text === "") throw new ConfigError(`${key} refers to the file ${file}, which is empty.`);
    this.#examine(text, `the file ${file}`, path);
    if (!prose.test(key)) this.findings.filled.push({ path, shown: `<file, ${text.length} characters>` });
    return text;
  }

  /**
   * Links are followed, and what all can read is only warned of: Kubernetes and Docker hand out secrets as links to files
   * of mode 0444. What all can write is whose secret it is no more.
   */
  #examineMode(stats: Stats, file: string, key: string): void {
    if (grants(stats, 0o002))
      throw new ConfigError(
        `${key} refers to the file ${file}, which every user of this machine can write: chmod 600.`,
      );
    if (!grants(stats, 0o024)) return;
    const who = grants(stats, 0o004) ? "every user of this machine can read" : "its group can write";
    this.findings.warnings.push({ key, problem: `(from the file ${file}) is in a file that ${who}` });
  }

  /** What a reference brought. It is not replaced again: a secret may look like anything. */
  #examine(value: string, origin: string, path: TextPath): void {
    const key = toKey(path);
    if (prose.test(key)) return;
    if (isBareReference(value)) {
      throw new ConfigError(`${key} refers to ${origin}, which holds a reference itself, and nobody has replaced it.`);
    }
    this.#warn(value, key, `(from ${origin}) `);
  }

  #warn(value: string, key: string, origin = ""): void {
    if (prose.test(key)) return;
    const problem = providerKey.test(key) ? findKeyTrouble(value) : findQuotationMarks(value);
    // Where the reference is the whole text, its value has been warned of already.
    if (problem === undefined || this.#warned.has(key)) return;
    this.#warned.add(key);
    this.findings.warnings.push({ key, problem: origin + problem });
  }
}

/** `agents.list[0].model`, as messages name it. */
export function toKey(path: TextPath): string {
  return path.reduce<string>((key, step) => {
    if (typeof step === "number") return `${key}[${step}]`;
    return key === "" ? step : `${key}.${step}`;
  }, "");
}

function toFileReference(value: object): string | undefined {
  const [entry, ...others] = Object.entries(value);
  return others.length === 0 && entry?.[0] === "file" && typeof entry[1] === "string" ? entry[1] : undefined;
}
