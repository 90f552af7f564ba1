import { type Break, without } from "../break.ts";

export const authentication: readonly Break[] = [
  without(
    ["A01"],
    "src/edge/authenticate.ts",
    "if (token === undefined) return undefined;",
    "if (token === undefined) return operator;",
  ),
  without(
    ["A02", "A03"],
    "src/edge/authenticate.ts",
    "return isOperator ? operator : isKey",
    "return isOperator || token.length === 26 ? operator : isKey",
  ),
  without(["R09"], "src/edge/lockout.ts", "this.#limits = limits;", ""),
  without(["R10"], "src/edge/lockout.ts", "if (map.size >= max) {", "if (map.size >= 10 * max) {"),
];
