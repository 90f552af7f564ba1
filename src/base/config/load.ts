import { type Config, fillConfig } from "../contract.ts";
import { assertUsable } from "./check.ts";
import { type ConfigPath, type ConfigProblem, findProblems, toConfigError } from "./config-error.ts";
import { findExpiring } from "./key-check.ts";
import { overrideConfig, type Overrides } from "./override.ts";
import { type FilledText, resolveReferences, toKey } from "./references.ts";
import { toPlacedError, toShapeProblem } from "./report.ts";
import { loadSource, toStateFolder } from "./source.ts";
import type { ConfigWarning } from "./suspicion.ts";

export interface LoadedConfig {
  readonly config: Config;
  /** Undefined when the defaults hold. */
  readonly path: string | undefined;
  /** What relative paths in the configuration start from. */
  readonly folder: string;
  readonly stateFolder: string;
  /** What is hardly meant as it stands; for whoever starts the process. */
  readonly warnings: readonly ConfigWarning[];
  /** Texts that hold the value of a variable or a file, and how they may be shown. */
  readonly filled: readonly FilledText[];
}

export interface LoadOptions extends Overrides {
  readonly path?: string | undefined;
  readonly cwd: string;
  /** Throws `ConfigError` for what else cannot be used; it is told together with the rest. */
  readonly check?: (config: Config) => void;
}

/**
 * Finds, reads and checks the configuration. Throws `ConfigError`, whose message says which keys are wrong, and where they
 * stand: all of them that can be known at once.
 */
export function loadConfig({ path, cwd, check, ...overrides }: LoadOptions): LoadedConfig {
  const { environment } = overrides;
  const source = loadSource(environment, path, cwd);
  const { value, filled, warnings, problems: unresolved } = resolveReferences(source.value, environment, source.folder);
  const shape = examineShape(value, unresolved);
  const { config } = shape;
  let overriding: readonly ConfigWarning[] = [];
  const unusable =
    config === undefined
      ? []
      : [
          ...findProblems(() => void (overriding = overrideConfig(config, overrides))),
          ...findProblems(() => assertUsable(config)),
          ...findProblems(() => check?.(config)),
        ].filter(({ message }) => !shape.wrong.some((key) => message.includes(key)));
  const problems = [...unresolved, ...shape.problems, ...unusable];
  if (config === undefined || problems.length > 0) throw toPlacedError(problems, source);
  return {
    config,
    path: source.path,
    folder: source.folder,
    stateFolder: toStateFolder(environment),
    warnings: [...warnings, ...overriding, ...findExpiring(config, Date.now())],
    filled,
  };
}

/** Checks a value against the contract and fills the defaults in. */
export function parseConfig(value: unknown, path = "the configuration"): Config {
  const { config, problems } = examineShape(value, []);
  if (config !== undefined && problems.length === 0) return config;
  throw toConfigError(problems.map(({ message, ...place }) => ({ message: `${path}: ${message}`, ...place })));
}

interface Shape {
  /** With the defaults, and without what has the wrong shape; undefined where nothing usable is left. */
  readonly config: Config | undefined;
  readonly problems: readonly ConfigProblem[];
  /** The keys of which enough is said. */
  readonly wrong: readonly string[];
}

/** What is wrong already is so whatever its shape. */
function examineShape(value: unknown, known: readonly ConfigProblem[]): Shape {
  const unresolved = known.flatMap(({ path }) => (path === undefined ? [] : [path]));
  const findMistakes = (whole: unknown): ConfigProblem[] =>
    fillConfig(whole, "the configuration")
      .map(toShapeProblem)
      .filter(({ path = [] }) => !unresolved.some((above) => isWithin(path, above)));
  const rest = structuredClone(value);
  const problems = findMistakes(rest);
  const wrong = problems.flatMap(({ path }) => (path === undefined ? [] : [path]));
  for (const path of wrong) remove(rest, path);
  const isWhole = wrong.length === 0 || findMistakes(rest).length === 0;
  return { config: isWhole ? toConfig(rest) : undefined, problems, wrong: [...unresolved, ...wrong].map(toKey) };
}

function toConfig(value: unknown): Config {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has passed the check
  return value as Config;
}

function isWithin(path: ConfigPath, above: ConfigPath): boolean {
  return above.length <= path.length && above.every((step, index) => String(step) === String(path[index]));
}

/** Takes a key away. An element of a list stays: those behind it would have other places. */
function remove(value: unknown, path: ConfigPath): void {
  const above: unknown = path
    .slice(0, -1)
    .reduce<unknown>((at, step) => (typeof at === "object" && at !== null ? Reflect.get(at, step) : undefined), value);
  const last = path.at(-1);
  if (typeof above === "object" && above !== null && !Array.isArray(above) && last !== undefined)
    Reflect.deleteProperty(above, last);
}
