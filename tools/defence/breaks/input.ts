import { type Break, without } from "../break.ts";

const body = "src/edge/body.ts";
const fetched = "src/outbound/image-fetch.ts";
const gate = "src/run/media/media-gate.ts";
const limits = "src/run/media/media-limits.ts";
/** Lets bodies pass in whose first fault, as it is called here, is that. */
const unchecked = (rows: readonly string[], isPassed: string): Break =>
  without(
    rows,
    "src/edge/dispatch.ts",
    "bind(row, handler,",
    `bind({ ...row, checkBody: (given) => ((fault) => (${isPassed}) ? undefined : fault)(row.checkBody(given)) }, handler,`,
  );

export const input: readonly Break[] = [
  // Some parsers take a comma that nothing follows.
  without(
    ["J01", "J04"],
    body,
    'bytes.toString("utf8"))',
    'bytes.toString("utf8").replaceAll(/,(?=\\s*[\\]}])/g, ""))',
  ),
  // Others know no letters beyond ASCII.
  without(["J01"], body, "if (!isUtf8(bytes))", "if (bytes.some((byte) => byte > 0x7f))"),
  without(["J05", "J01"], body, "++depth > jsonDepthMax", "++depth > 1_000_000_000"),
  without(["J06", "J07"], body, "++values > jsonValuesMax", "++values > 1_000_000_000"),
  without(
    ["J08"],
    body,
    'return JSON.parse(bytes.toString("utf8"));',
    'return Object.assign({}, JSON.parse(bytes.toString("utf8")));',
  ),
  without(["J10"], body, "if (!isUtf8(bytes))", "if (false)"),
  without(["J12"], body, 'bytes.toString("utf8"))', 'bytes.toString("utf8").replaceAll(/\\\\u00[01]./g, ""))'),
  without(
    ["J12"],
    "src/session/chain.ts",
    "return bodies.map((body) => {",
    "return bodies.map((given) => {\n    const body = given.normalize();",
  ),
  unchecked(["J13"], "/value$/.test(fault?.code)"),
  unchecked(["J14"], 'fault?.code === "invalid_type"'),
  unchecked(["J16"], 'fault?.param === "stream"'),
  unchecked(["J15", "Z02"], "true"),
  unchecked(["J19"], 'fault?.code === "string_above_max_length"'),
  // Whoever has dear work begins at once.
  without(["J25"], "src/base/loop-time.ts", "return performance.now() - this.#since < shareMs;", "return true;"),
  without(["J25"], "src/model/embedded/embedded.ts", "if (isDear(request)) await loopTime.goOn();", "", {
    tests: ["%s at once, again and again, stop nobody"],
  }),
  without(["J18"], "src/model/embedded/work.ts", "unitsMax = 2_000_000", "unitsMax = 100_000_000"),
  without(["J18"], "src/tool/mcp/tool-schema.ts", "const keysMax = 10_000;", "const keysMax = 10_000_000;"),
  without(["J18"], "src/run/json-check.ts", "end(undefined, false);", "end({ misfit: undefined }, false);"),
  without(
    ["J17"],
    "src/api/chat/request.ts",
    "const settings: Record<string, unknown> = {};",
    "const settings: Record<string, unknown> = { ...body };",
  ),
  without(["J17"], "src/api/chat/request.ts", "ignored.push(name);", "", {
    tests: ["what has no effect is named in a header, in a form that cannot break it"],
  }),
  without(
    ["J21"],
    "src/edge/passage.ts",
    'passage.error ?? new GatewayError("cancelled", "The client left before it was answered.")',
    "passage.error ?? GatewayError.from(undefined)",
  ),
  without(
    ["J24"],
    "generated/guards.js",
    "checkChatCompletionRequest = toCheck(",
    "checkChatCompletionRequest = ((validate) => Object.assign(toCheck(validate), { errors: null }))(",
  ),
  // Where an image may be fetched from.
  without(["S01"], gate, "if (!imageUrls.enabled) throw toNotAllowed(first);", ""),
  without(["S02", "S03", "S06"], fetched, "!isPublicAddress(address)", "false"),
  without(["S02"], "src/outbound/address.ts", 'parsed.range() === "unicast" &&', ""),
  without(
    ["S05"],
    fetched,
    "network.connectTo(addresses, signal)",
    "network.connectTo(await network.lookup(url.hostname), signal)",
  ),
  without(["S06"], fetched, "redirectsMax = 3", "redirectsMax = 30"),
  without(["S06"], fetched, 'if (url.protocol !== "http:" && url.protocol !== "https:")', "if (false)"),
  without(["S07"], limits, "/^https?:/i", "/^(?!data:)\\s*\\w+:/i"),
  without(["S09"], fetched, '    if (bytes > bytesMax) throw new Error("more bytes than allowed");\n', ""),
  without(["S10"], fetched, 'if (encoding !== "identity")', "if (false)"),
  without(
    ["S11"],
    fetched,
    "network.connectTo(addresses, signal)",
    "network.connectTo(addresses, new AbortController().signal)",
  ),
  without(["S12"], gate, 'if (!limit.signal.aborted) await once(limit.signal, "abort");', ""),
  without(["S13"], limits, "if (bytes > limits.bytesMax)", "if (false)"),
  without(["S13"], limits, "if (extra !== undefined)", "if (false)"),
  without(
    ["S13"],
    "src/base/media/base64.ts",
    "text.slice(from, from + Math.ceil(bytesMax / 3) * 4)",
    "text.slice(from)",
  ),
  without(["S15"], fetched, 'accept: imageTypes.join(", "),', 'accept: imageTypes.join(", "), via: "clawgate",'),
  without(
    ["S16"],
    fetched,
    `  const client = new Client(url.origin, { connect: network.connectTo(addresses, signal) });
  try {
    const path = \`\${url.pathname}\${url.search}\`;
    // On its own, a request whose connection is still being made would not hear the signal.
    const response = await waitFor(client.request({`,
    `  const client = new (await import("undici")).EnvHttpProxyAgent();
  try {
    const path = \`\${url.pathname}\${url.search}\`;
    const response = await waitFor(client.request({ origin: url.origin,`,
  ),
  without(["S18"], fetched, "!allowedHosts.has(host)", "![...allowedHosts].some((allowed) => host.endsWith(allowed))"),
  without(["S19"], "src/run/repeated.ts", "const version = 1;", "const version = 1;\nvoid fetch;"),
];
