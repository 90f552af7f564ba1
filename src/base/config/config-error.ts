/** The way from the root to a value: names of keys and places in lists. */
export type ConfigPath = readonly (string | number)[];

/** One mistake in a configuration. */
export interface ConfigProblem {
  /** Names the key, and what to do. */
  readonly message: string;
  /** Where it stands; undefined where the message begins with the key, or no key is meant. */
  readonly path?: ConfigPath | undefined;
  /** The way to the key that was probably meant, where that is another one. */
  readonly about?: ConfigPath | undefined;
}

/** A configuration that cannot be used. The message names the key or line, and what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** Everything that is wrong, in no certain order. */
  readonly problems: readonly ConfigProblem[];

  constructor(message: string, { problems, ...options }: ErrorOptions & { problems?: readonly ConfigProblem[] } = {}) {
    super(message, options);
    this.problems = problems ?? [{ message }];
  }
}

/** Throws one error that has the problems of all, if there are any. What is no `ConfigError` is thrown at once. */
export function checkAll(checks: Iterable<() => unknown>): void {
  const problems = [...checks].flatMap(findProblems);
  if (problems.length > 0) throw toConfigError(problems);
}

/** What `check` finds wrong. */
export function findProblems(check: () => unknown): readonly ConfigProblem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

export function toConfigError(problems: readonly ConfigProblem[]): ConfigError {
  return new ConfigError(problems.map(({ message }) => message).join("\n"), { problems });
}
