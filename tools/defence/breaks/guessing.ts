import { type Break, without } from "../break.ts";

const app = "src/edge/app.ts";
const authenticate = "src/edge/authenticate.ts";
const lockout = "src/edge/lockout.ts";
const attempt = "const attempt = token === undefined ? undefined : lockout.fail(address);";

export const guessing: readonly Break[] = [
  without(
    ["R01"],
    lockout,
    'if (known.failures <= failures) return "counted";',
    'if (known !== null) return "counted";',
    {
      tests: ["by default the eleventh wrong key of a minute is 429, and a right one is let in all the same"],
    },
  ),
  without(
    ["R01"],
    authenticate,
    "if (isGuessable(parts, principal, authorization)) assertOpen(parts, caller);",
    "assertOpen(parts, caller);",
    {
      tests: ["by default the eleventh wrong key of a minute is 429, and a right one is let in all the same"],
    },
  ),
  without(
    ["R01"],
    authenticate,
    "if (principal === operator) return guessable;",
    "if (principal === operator) return false;",
    {
      tests: ["a password that could be guessed stays locked out until the lock ends"],
    },
  ),
  without(
    ["R01"],
    "src/socket/connect.ts",
    "const principal = entry.enter(authorization, caller);",
    "const principal = entry.enter(authorization, { ...caller, address: `${caller.address}-${Math.random()}` });",
    {
      tests: ["wrong tokens lock an address for both doors, and a good one is let in all the same"],
    },
  ),
  without(["R02"], authenticate, attempt, attempt.replace("undefined ?", 'undefined || address === "127.0.0.1" ?')),
  without(
    ["R04"],
    "src/edge/forwarded.ts",
    "if (proxies.length === 0) return toUnlisted;",
    'if (proxies.length === 0) return (request) => String(request.headers["x-forwarded-for"] ?? toUnlisted(request));',
  ),
  without(["R05"], "src/edge/open-connections.ts", 'address.parts.slice(0, 4).join(":")', "address.toString()"),
  without(["R06"], authenticate, attempt, "const attempt = lockout.fail(address);"),
  without(
    ["R08"],
    app,
    "entry.enter(authorization, passage,",
    'entry.enter(ctx.get("cookie") === "" ? authorization : undefined, passage,',
  ),
  without(
    ["R09"],
    "openapi/config.yaml",
    "enabled: { type: boolean, default: true, description: Whether wrong ones",
    "enabled: { type: boolean, default: false, description: Whether wrong ones",
  ),
  without(["R10"], lockout, "if (map.size >= max) {", "if (map.size >= 10 * max) {"),
  without(
    ["R10"],
    lockout,
    "    add(this.#locks, key, now + lockMs, locksMax);",
    "    if (this.#locks.size < locksMax) add(this.#locks, key, now + lockMs, locksMax);",
  ),
  without(["R11"], lockout, "() => performance.now()", "() => Date.now()", {
    tests: ["a wall clock that jumps changes nothing"],
  }),
  without(
    ["R11"],
    lockout,
    'if (this.#left(key) > 0) return "locked";',
    'if (this.#left(key) > 0) {\n      this.#locks.set(key, now + this.#limits.lockMs);\n      return "locked";\n    }',
    { tests: ["a lock ends when it was said to, whatever is tried meanwhile; then it counts anew"] },
  ),
  without(
    ["R12"],
    "src/base/quota.ts",
    "if (isGranted && window.take(now)) return;",
    "window.take(now);\n    if (now > 0) return;",
  ),
];
