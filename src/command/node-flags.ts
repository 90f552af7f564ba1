import type { ConfigWarning } from "../base/config/suspicion.ts";

/** Flags of Node that undo what the gateway promises, each with what to say of it behind its name. */
const risks: readonly (readonly [flag: RegExp, problem: string])[] = [
  [/^--inspect(?!-port|-publish)/, "lets whoever reaches the debugger read every secret, and run programs"],
  [/^--insecure-http-parser/, "has no effect: requests with two meanings are refused all the same"],
  [/^--heapsnapshot|^--heap-prof/, "writes what is in memory, secrets and messages, into a file"],
  [/^--report-/, "writes the environment with its secrets into a file"],
];

/** What is suspicious about the flags that Node was started with, in its arguments and in `NODE_OPTIONS`. */
export function findRiskyFlags(flags: readonly string[]): ConfigWarning[] {
  return flags.flatMap((flag) => {
    const problem = risks.find(([pattern]) => pattern.test(flag))?.[1];
    return problem === undefined ? [] : [{ key: `node ${flag.split("=", 1)[0]}`, problem }];
  });
}
