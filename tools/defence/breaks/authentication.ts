import { type Break, without } from "../break.ts";

const app = "src/edge/app.ts";
const authenticate = "src/edge/authenticate.ts";
const secret = "src/base/config/secret.ts";
const needed = 'const needed = ctx.path === "/v1" || ctx.path.startsWith("/v1/") || secured.has(ctx.path);';
const principal = "const principal = signedIn ?? parts.authenticate(authorization);";

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
    "if (auth.token === undefined) return loadStoredToken(join(stateFolder, tokenFile), stateFolder);",
    'if (auth.token === undefined && loadStoredToken(join(stateFolder, tokenFile), stateFolder)) return { mode: "none" };',
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
    "const token = toToken(authorization);\n        // Compared",
    "const token = toToken(authorization);\n        if (token === undefined) return undefined;\n        // Compared",
    { tests: ["whatever was presented is compared before anything is told"] },
  ),
  without(
    ["A14"],
    "src/gateway.ts",
    "generation = createGeneration(renewed, { ...next, config }, lasting);",
    "generation = createGeneration(renewed, { ...next, config, credential: old.credential }, lasting);",
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
    ["A14"],
    "src/socket/socket-connection.ts",
    'if (principal === undefined) return this.close(1008, "unauthorized: the secret has changed");',
    "if (principal === undefined) return;",
    { tests: ["a change of the secret closes who came with the old one, and of nobody else"] },
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
    ["A18"],
    "src/socket/call-method.ts",
    "  assertScope(socketMethods[method].scopes, caller.scopes);\n",
    "  if (caller.scopes.length === 0) assertScope(socketMethods[method].scopes, caller.scopes);\n",
  ),
  without(
    ["A19"],
    "src/socket/granted-scopes.ts",
    "isAsked(scope) && scopes.has(needed)",
    "isAsked(scope) && scopes.size > 0 * needed.length",
    {
      tests: ["key %s that asks for %s is told that it has %s"],
    },
  ),
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
    authenticate,
    principal,
    `const known = ((globalThis as any).known ??= new Set());\n    ${principal.replace(";", " ?? (known.has(caller.address) ? operator : undefined);")}\n    if (principal !== undefined) known.add(caller.address);`,
  ),
  without(
    ["A23"],
    authenticate,
    principal,
    principal.replace(";", ' ?? (caller.address.startsWith("127.") ? operator : undefined);'),
  ),
];
