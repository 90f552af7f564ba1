import { type Break, without } from "../break.ts";

const passage = "src/edge/passage.ts";
const queue = "src/run/fair-queue.ts";
const slots = "src/run/slots.ts";
const gateway = "src/gateway.ts";
const loop = "src/base/loop-watch.ts";

export const operation: readonly Break[] = [
  without(["L03"], "src/run/turns.ts", "if (waiting.length >= waitingMax) throw", "if (false) throw"),
  without(["L04"], slots, "if (crowd === undefined) throw", "if (crowd === undefined) return; else if (false) throw", {
    tests: ["calls wait, one more than may wait is 503 and no run, and those that wait are answered"],
  }),
  without(["L04"], slots, "if (!mayWait) throw", "if (false) throw", {
    tests: ["a call is refused before its body has come where no body could let it in"],
  }),
  without(
    ["L06"],
    queue,
    "const item = items.shift();\n    this.#principals.delete(principal);",
    "const item = items.shift();\n    if (lines.size === 1) this.#principals.delete(principal);",
    {
      tests: ["keys take turns, however many sessions one of them has"],
    },
  ),
  without(
    ["L06"],
    queue,
    "lines.items.delete(line);\n    // Both",
    "if (items.length === 0) lines.items.delete(line);\n    // Both",
  ),
  without(
    ["L06"],
    "src/run/run.ts",
    "line: session.kept ? session.key : address }",
    'line: session.kept ? session.key : "" }',
    {
      tests: ["calls without a session take turns by the addresses that they come from"],
    },
  ),
  without(["L06"], queue, "+ 2 ? crowd : undefined;", "+ 2 ? undefined : undefined;", {
    tests: ["where the queue is full, the last of the crowd gives way to a session"],
  }),
  without(
    ["L07", "X09"],
    loop,
    "return now < this.#lateUntil || this.#isLateBy(now - this.#due, this.#delayMs / 2);",
    "return false;",
  ),
  without(["L08"], "src/edge/body-budget.ts", "others + bytes > pool.max()", "others + bytes > 4 * pool.max()"),
  without(["L09"], "src/edge/line-budget.ts", "if (this.#left >= 1) {", "if (true) {"),
  without(["L11"], "src/model/embedded/work.ts", "unitsMax = 2_000_000", "unitsMax = 100_000_000"),
  without(["L15"], "src/run/quotas.ts", "store.takeSlice?.bind(store)", "undefined as typeof store.takeSlice"),
  // Without the others there is nothing.
  without(["L15"], "src/base/request-slices.ts", "    this.#isAway = true;\n", "", {
    tests: ["are counted by each for itself while there is no database"],
  }),
  without(["X01"], gateway, "startPatience(current.config.gateway.drainMs,", "startPatience(0,"),
  without(["X01", "X09"], passage, "    this.#stopping = true;\n", ""),
  without(
    ["X02"],
    gateway,
    "startPatience(current.config.gateway.drainMs,",
    "startPatience(100 * current.config.gateway.drainMs,",
  ),
  without(
    ["X03"],
    "src/cli.ts",
    "if (askedAt !== undefined && performance.now() - askedAt > 1000) process.exit(toStatus(1));",
    "",
  ),
  without(["X06"], "src/command/gateway.ts", "log.error(", "log.debug("),
  without(
    ["X06"],
    gateway,
    "renew({ ...next, config, audit });",
    "renew({ ...next, config, audit }).catch(() => current.runtime);",
  ),
  without(["X06"], gateway, "assertUsable(config);", "assertUsable(next.config);"),
  without(
    ["X08"],
    "src/base/errors.ts",
    '"The gateway failed. The log holds the cause under the request id."',
    "String(error)",
  ),
  without(
    ["X09"],
    "src/edge/app.ts",
    'ctx.path === "/healthz") return next();',
    'ctx.path === "/healthz" || ctx.path === "/readyz") return next();',
  ),
  without(["X11"], "src/tool/mcp/stdio-transport.ts", "...getDefaultEnvironment(), ...env", "...process.env, ...env"),
  without(["X12"], "src/edge/server.ts", "insecureHTTPParser: false", "insecureHTTPParser: true"),
  without(["X12"], "src/command/node-flags.ts", "/^--insecure-http-parser/", "/^--insecure-http-parsers/"),
  without(
    ["Y01"],
    passage,
    "...principal.logFields, operation,",
    '...principal.logFields, credential: ctx.get("authorization"), operation,',
  ),
  without(
    ["Y01"],
    "src/edge/authenticate.ts",
    `? "Missing or wrong API key. Send 'Authorization: Bearer <token>'; 'clawgate token' prints the token."`,
    "? `The API key '${token}' is wrong.`",
  ),
  without(["Y03"], "src/run/account-for.ts", 'audit.record({ ...what, outcome: "begun" });', ""),
  without(["Y03"], "src/base/audit/tally.ts", "this.#entries.size < this.#limits.addressesMax", "true"),
  without(["Y04"], passage, "requestIdPattern.test(given)", 'given !== ""'),
  without(["Y04"], "src/model/openai/openai.ts", '"x-request-id": requestId, ', ""),
  without(
    ["Y05"],
    "src/run/run.ts",
    'emit({ type: "run-start", runId });',
    'log.info({ messages: request.messages }, "run");\n      emit({ type: "run-start", runId });',
  ),
  without(["Y06"], "src/base/config/file-trust.ts", "if (!stats.isFile())", "if (false)"),
  without(["Y06"], "src/base/config/file-trust.ts", "(own ? O_NOFOLLOW : 0)", "O_NOFOLLOW"),
  without(["Y06"], "src/base/config/references.ts", "if (!grants(stats, 0o024)) return;", "return;"),
];
