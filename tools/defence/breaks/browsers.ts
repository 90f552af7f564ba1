import { type Break, without } from "../break.ts";

const app = "src/edge/app.ts";
const origin = "src/edge/origin.ts";
const passage = "src/edge/passage.ts";
const forwarded = "src/edge/forwarded.ts";
const proxyUser = "src/edge/proxy-user.ts";
const check = "    checkOrigin(ctx.req);\n";
const host = "the host must be an address, localhost or a name of the configuration";
const foreign = "a page of a foreign origin is kept out, whoever sends it and whatever it asks for";
const preflight = "a preflight of an allowed origin is answered without a token, with the headers it asked for";
const headers = "every answer carries the headers that keep a browser from using it";
const distrusts = "if (proxies.length === 0) return toUnlisted;";
const believes =
  'if (proxies.length === 0) return (request) => String(request.headers["x-forwarded-for"] ?? toUnlisted(request));';
const believed = "if (!isListed(list, peer) || (isLoopback(peer) && !trustedProxy.allowLoopback)) return undefined;";

export const browsers: readonly Break[] = [
  without(["O01"], origin, "!isServedHost(toName(host), hosts)", 'host === ""', {
    tests: [host],
    says: "evil.example",
  }),
  without(
    ["O01"],
    app,
    check,
    check.replace("checkOrigin", "if (ctx.req.headers.authorization !== undefined) checkOrigin"),
    {
      tests: ["host and origin are checked before the token, on open paths too"],
    },
  ),
  without(["O02"], "src/edge/framing.ts", "host !== undefined && hostPattern.test(host)", "host !== undefined", {
    says: "evil.example:x@127.0.0.1",
  }),
  without(["O02"], origin, "return hosts.has(name)", "return [...hosts].some((one) => name.startsWith(one))", {
    says: "localhost.evil.example",
  }),
  without(["O02"], origin, "|| isIP(name) !== 0", "|| /^[\\dx.a-f:]+$/.test(name)", { says: "127.1" }),
  without(["O03"], origin, 'name.toLowerCase().replace(/\\.$/, "")', 'name.replace(/\\.$/, "")', { says: "LOCALHOST" }),
  without(["O03"], origin, 'name.toLowerCase().replace(/\\.$/, "")', "name.toLowerCase()", { says: "localhost." }),
  without(
    ["O04"],
    origin,
    "if (origins.has(origin)) return;",
    'if (origins.has(origin) || origin !== "null") return;',
    {
      says: "https://evil.example",
    },
  ),
  without(
    ["O04"],
    origin,
    "if (origins.has(origin)) return;",
    'if (origins.has(origin) || origin === "null") return;',
    {
      says: `null {"id"`,
    },
  ),
  without(
    ["O04"],
    origin,
    "if (origins.has(origin)) return;",
    'if ([...origins].some((one) => origin.endsWith(one.replace("https://", "")))) return;',
    { says: "http://good.example" },
  ),
  without(["O04"], origin, "origin === `http://${host}`", "origin.startsWith(`http://${host}`)", {
    says: "http://127.0.0.1:1",
  }),
  without(["O05"], origin, '"access-control-allow-origin", origin', '"access-control-allow-origin", "*"', {
    tests: [preflight],
  }),
  without(["O05"], origin, 'ctx.vary("Origin");', "", { tests: [preflight] }),
  without(
    ["O05"],
    origin,
    "if (origins.has(origin)) return;",
    'if (origins.has(origin) || request.method === "OPTIONS") return;',
    {
      tests: ["another origin is refused, and learns nothing"],
    },
  ),
  without(["O05"], origin, "if (!allowed.has(origin)) return next();", 'if (origin === "") return next();', {
    also: [{ file: origin, from: "if (origins.has(origin)) return;", to: "if (origins.size >= 0) return;" }],
    tests: ["no answer opens the gateway to other origins"],
  }),
  without(
    ["O06"],
    "src/edge/body.ts",
    'if (type !== "application/json") {',
    'if (type !== "application/json" && type !== "text/plain") {',
    {
      says: "text/plain",
    },
  ),
  without(
    ["O06"],
    "src/edge/body.ts",
    'if (type !== "application/json") {',
    'if (type !== "application/json" && type !== undefined) {',
    {
      says: "null null",
    },
  ),
  without(["O06"], "src/edge/body.ts", 'if (type !== "application/json") {', 'if (!/json|form/.test(type ?? "")) {', {
    says: "application/x-www-form-urlencoded",
  }),
  without(["O07"], origin, "return assertOwnSite(request);", "return;", { says: "/v1/models" }),
  without(["O07"], origin, "if (follows && ", 'if (follows && url === "" && ', { says: "/docs" }),
  without(["O07"], origin, 'site !== "cross-site" && site !== "same-site"', 'site !== "cross-site"', {
    says: "same-site",
  }),
  without(["O07"], origin, "if (follows && !/^\\/v1(?![^/?])/.test(url)) return;", "if (follows) return;", {
    says: "/v1/models",
  }),
  without(["O08"], app, check, check.replace("checkOrigin", 'if (ctx.get("upgrade") === "") checkOrigin')),
  without(
    ["O09"],
    app,
    check,
    check.replace("checkOrigin", 'if (!ctx.req.socket.remoteAddress?.startsWith("127.")) checkOrigin'),
    {
      tests: [foreign],
    },
  ),
  without(
    ["O11"],
    "src/api/sessions/sessions.ts",
    "    const stored = toReach(principal, agents).toStored(key);",
    '    const stored = toReach(principal, agents).toStored(key);\n    const turn = await parts.turns.open(stored ?? "", new AbortController().signal, { blind: true });\n    await turn.commit({ keep: 0, append: [] });\n    await turn.release();',
    {
      also: [
        {
          file: "src/api/sessions/sessions.ts",
          from: 'createListSessionMessages({ store, agents }: SessionsParts): Handler<"listSessionMessages"> {',
          to: 'createListSessionMessages(parts: SessionsParts): Handler<"listSessionMessages"> {\n  const { store, agents } = parts;',
        },
      ],
    },
  ),
  ...[
    ["x-content-type-options", '"nosniff"'],
    ["cache-control", '"no-store"'],
    ["content-security-policy", "\"default-src 'none'; frame-ancestors 'none'\""],
    ["referrer-policy", '"no-referrer"'],
  ].map(([name, value]) => without(["O12"], passage, `    "${name}": ${value},\n`, "", { tests: [headers] })),
  without(
    ["O12"],
    app,
    "app.use(beginRequest(parts.passages));",
    'app.use(beginRequest(parts.passages));\n  app.use((ctx, next) => (ctx.set("x-powered-by", "clawgate"), next()));',
    {
      tests: [headers],
    },
  ),
  without(["O12"], "src/api/reference.ts", "script-src ${scripts}", "script-src 'unsafe-inline'", {
    tests: ["no script runs in the page of the contract that it did not bring along"],
  }),
  without(["O12"], "src/api/page.ts", "script-src 'self'", "script-src 'self' 'unsafe-inline'", {
    tests: ["the page and its files are open, run nothing but themselves, and are not kept"],
  }),
  without(
    ["O13"],
    "src/edge/error-reply.ts",
    'headers["content-type"] = "application/json; charset=utf-8";',
    'headers["content-type"] = "text/html; charset=utf-8";',
  ),

  without(["P01"], forwarded, distrusts, believes),
  without(["P02"], forwarded, "    if (!isListed(list, client)) return client;\n", ""),
  without(["P03"], forwarded, "if (address === undefined) return client;", "if (address === undefined) return hop;", {
    tests: ["$peer $plain $forwarded is from $want"],
  }),
  without(
    ["P03"],
    forwarded,
    "text.slice(comma + 1, end).trim()",
    String.raw`text.slice(comma + 1, end).replace(/^\s+|\s+$/g, "")`,
    {
      tests: ["it takes no time, however long it is"],
    },
  ),
  without(["P04"], proxyUser, believed, believed.replace("!isListed(list, peer) || ", ""), {
    tests: ["anybody else is 401, however often"],
    says: "another address",
  }),
  without(["P04"], proxyUser, 'if (name === "" || name.length', "if (name.length", {
    tests: ["anybody else is 401, however often"],
    says: "nobody",
  }),
  without(["P04"], proxyUser, "if (others.length > 0) {", "if (others.length > 9) {", { tests: ["two names are 400"] }),
  without(["P04"], proxyUser, " || (isLoopback(peer) && !trustedProxy.allowLoopback)", "", {
    tests: ["a proxy on this machine is believed only where the configuration says so"],
  }),
  without(
    ["P06"],
    "src/edge/dispatch.ts",
    "return ctx.req.headers[name];",
    'return ctx.req.headers[name] ?? ctx.req.headers[name.replaceAll("-", "_")];',
  ),
];
