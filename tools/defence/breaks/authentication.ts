import { type Break, without } from "../break.ts";

const app = "src/edge/app.ts";
const authenticate = "src/edge/authenticate.ts";
const lockout = "src/edge/lockout.ts";
const secret = "src/base/config/secret.ts";
const needed = 'const needed = ctx.path === "/v1" || ctx.path.startsWith("/v1/") || secured.has(ctx.path);';
const principal = "const principal = signIn?.(ctx.req) ?? authenticate(authorization);";
const attempt = "const attempt = token === undefined ? undefined : lockout.fail(address);";

export const authentication: readonly Break[] = [
  without(
    ["A01"],
    authenticate,
    "if (token === undefined) return undefined;",
    "if (token === undefined) return operator;",
  ),
  without(
    ["A02"],
    authenticate,
    "timingSafeEqual(write(room, text), expected)",
    'timingSafeEqual(write(room, secret.slice(0, text.length).padEnd(text.length, "x")), expected)',
    {
      says: "TEST-TOKEN",
    },
  ),
  without(["A03"], authenticate, "/^bearer +(", String.raw`/^\S+ +(`, { says: "Token test-token" }),
  without(["A03"], authenticate, "+)$/i.exec", "+?),?$/i.exec", {
    tests: ["every malformed or wrong credential gets the same 401"],
    says: "test-token-0123456789abcdef,",
  }),
  without(["A03"], authenticate, "+)$/i.exec", "+)\\s*$/i.exec", { tests: ["%j is refused"] }),
  without(["A03"], authenticate, String.raw`/^bearer +([\x21-\x7e]+)$/i`, String.raw`/^[Bb]earer +([\x21-\x7e]+)$/`, {
    tests: ["the scheme may be written in any case, with several spaces"],
  }),
  without(
    ["A05"],
    app,
    "const { authorization } = ctx.req.headers;",
    'const authorization = ctx.req.headers.authorization ?? `Bearer ${String(ctx.query["token"])}`;',
    { tests: ["a token elsewhere than in the header is none, and stands in no log"] },
  ),
  without(
    ["A05"],
    app,
    "const { authorization } = ctx.req.headers;",
    'const authorization = ctx.req.headers.authorization ?? `Bearer ${ctx.get("x-api-key")}`;',
    { tests: ["a token elsewhere than in the header is none, and stands in no log"] },
  ),
  without(["A05"], "src/edge/passage.ts", "= ctx.path.slice(0, 128)", "= ctx.url.slice(0, 128)", {
    tests: ["a token elsewhere than in the header is none, and stands in no log"],
    says: "not to contain",
  }),
  without(
    ["A05"],
    "src/edge/passage.ts",
    "method: ctx.method }",
    'method: ctx.method, given: ctx.get("authorization") }',
    { tests: ["no line of the log holds a credential or a message, not even that of a defect"] },
  ),
  without(["A06"], "src/edge/framing.ts", "headerBytesMax = 16_384", "headerBytesMax = 65_536", {
    tests: ["a key may be as long as a header, and no longer"],
  }),
  without(["A08"], secret, "if (isPlaceholder(secret)) throw", "if (secret === null) throw", {
    tests: ["$name is refused"],
  }),
  without(["A08"], secret, "if (token.length < strongSecretMin) {", "if (token.length < 1) {", {
    tests: ["$name is refused"],
  }),
  without(["A08"], secret, " || exampleText.test(text)", "", { tests: ["%j is weak"] }),
  without(["A08"], secret, "${key} has ${count};", "${key}, '${token}', has ${count};", {
    tests: ["no refusal shows the secret"],
  }),
  without(["A08"], "src/model/detect.ts", "if (!isHeaderText(key))", "if (key === undefined)", {
    tests: ["a key that is only found in the environment is held to the same"],
  }),
  without(
    ["A09"],
    "src/edge/credential.ts",
    "if (auth.token === undefined) return loadStoredToken(join(stateFolder, fileName), stateFolder);",
    'if (auth.token === undefined && loadStoredToken(join(stateFolder, fileName), stateFolder)) return { mode: "none" };',
    { tests: ["the first start makes a token that its owner alone can read, and does not show it"] },
  ),
  without(
    ["A09"],
    "src/base/config/source.ts",
    "    const { lineNumber, columnNumber, message }",
    "    if (text !== null) return { path, folder: dirname(path), value: {} };\n    const { lineNumber, columnNumber, message }",
    { tests: ["$name is refused in one sentence that says where"] },
  ),
  without(
    ["A10"],
    "src/base/config/check.ts",
    'auth.mode === "none" && !local',
    'auth.mode === "none" && local === undefined',
  ),
  without(
    ["A11"],
    "src/edge/credential.ts",
    'case "password":\n',
    'case "password":\n      if (auth.token !== undefined) return { mode: "token", secret: auth.token, origin: "configured" };\n',
  ),
  without(
    ["A12"],
    authenticate,
    "const isEqual = timingSafeEqual(write(room, text), expected);",
    "const isEqual = write(room, text).equals(expected);",
    {
      tests: ["secrets are compared in one place, and in constant time"],
    },
  ),
  without(
    ["A12"],
    authenticate,
    "const token = toToken(authorization);",
    "const token = toToken(authorization);\n        if (token === undefined) return undefined;",
    { tests: ["whatever was presented is compared before anything is told"] },
  ),
  without(
    ["A14"],
    "src/gateway.ts",
    "current = createGeneration(renewed, { ...next, config }, lasting);",
    "current = createGeneration(renewed, { ...next, config, credential: old.credential }, lasting);",
    { tests: ["decides about the next request, also of a connection that was let in before"] },
  ),
  without(
    ["A14"],
    "src/edge/credential.ts",
    "const secret = made ?? readStored(path);",
    "const secret = ((globalThis as any).kept ??= made ?? readStored(path));",
    { tests: ["the token that the first start made is read anew"] },
  ),
  without(
    ["A15"],
    app,
    "  return (ctx, next) => {\n    const needed",
    '  return async (ctx, next) => {\n    if (ctx.req.headers["content-length"] !== undefined) await new Promise((resolve) => ctx.req.once("readable", resolve));\n    const needed',
  ),
  without(["A17"], app, needed, needed.replace(" || secured.has(ctx.path)", ""), {
    tests: ["every secured operation of the contract refuses without a token, and no other does"],
  }),
  without(["A17"], app, needed, `${needed}\n    if (ctx.method === "OPTIONS") return next();`, {
    tests: ["without a token no method of any path that is routed is answered, but for those that are open"],
  }),
  without(["A17"], app, needed, "const needed = secured.has(ctx.path);", {
    tests: ["under /v1 nothing is told apart without a token: no path, method or body"],
  }),
  without(
    ["A19"],
    "src/edge/dispatch.ts",
    "    assertAllowed(row, principal);",
    '    if (!ctx.get("x-openclaw-scopes").includes("admin")) assertAllowed(row, principal);',
  ),
  without(
    ["A21"],
    "src/base/config/references.ts",
    "      if (error instanceof ConfigError) throw error;\n",
    '      if (error instanceof ConfigError) throw error;\n      if (error !== null) return "a-secret-that-everybody-has-0123456789";\n',
  ),
  without(
    ["A22"],
    app,
    principal,
    `const known = ((globalThis as any).known ??= new Set());\n    ${principal.replace(";", " ?? (known.has(passage.address) ? operator : undefined);")}\n    if (principal !== undefined) known.add(passage.address);`,
  ),
  without(
    ["A23"],
    app,
    principal,
    principal.replace(";", ' ?? (passage.address.startsWith("127.") ? operator : undefined);'),
  ),

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
    app,
    "if (isGuessable(parts, principal, authorization)) assertOpen(parts, passage);",
    "assertOpen(parts, passage);",
    {
      tests: ["by default the eleventh wrong key of a minute is 429, and a right one is let in all the same"],
    },
  ),
  without(["R01"], app, "if (principal === operator) return guessable;", "if (principal === operator) return false;", {
    tests: ["a password that could be guessed stays locked out until the lock ends"],
  }),
  without(["R02"], app, attempt, attempt.replace("undefined ?", 'undefined || address === "127.0.0.1" ?')),
  without(
    ["R04"],
    "src/edge/forwarded.ts",
    "if (proxies.length === 0) return toPeer;",
    'if (proxies.length === 0) return (request) => String(request.headers["x-forwarded-for"] ?? toPeer(request));',
  ),
  without(["R05"], "src/edge/open-connections.ts", 'address.parts.slice(0, 4).join(":")', "address.toString()"),
  without(["R06"], app, attempt, "const attempt = lockout.fail(address);"),
  without(
    ["R08"],
    app,
    "refuseEntry(parts, passage, toToken(authorization))",
    'refuseEntry(parts, passage, ctx.get("cookie") === "" ? toToken(authorization) : undefined)',
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
    "if (this.#requests === undefined || this.#requests.take(now)) return;",
    "this.#requests?.take(now);\n    if (now > 0) return;",
  ),
];
