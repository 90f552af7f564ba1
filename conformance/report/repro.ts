import type { Exchange } from "../lens/exchange.ts";
import { masked } from "../tell/mask.ts";

const keptHeaders = new Set([
  "content-type",
  "accept",
  "x-openclaw-agent-id",
  "x-openclaw-session-key",
  "origin",
  "content-encoding",
]);

/**
 * What sends the call once more from a shell. The exchange is masked: where the key stood, the shell puts in its variable.
 * `own` are the names of headers that every request to this subject needs.
 */
export function toShellLine(exchange: Exchange, own: readonly string[] = []): string {
  if (exchange.method === "TCP") return toRaw(exchange);
  return exchange.status === 101 ? toFrames(exchange) : toCurl(exchange, own);
}

function toCurl({ method, url, requestHeaders, requestBody }: Exchange, own: readonly string[]): string {
  const headers = Object.entries(requestHeaders)
    .filter(([name]) => name !== "authorization")
    .filter(([name]) => keptHeaders.has(name) || own.includes(name) || name.startsWith("access-control-"))
    .map(([name, value]) => `  -H ${quote(`${name}: ${value}`)}`);
  const { authorization } = requestHeaders;
  const key = authorization === undefined ? [] : [`  -H "Authorization: ${toDoubleQuoted(authorization)}"`];
  const body = requestBody === "" ? [] : [`  --data-binary ${quote(requestBody)}`];
  // What was announced and never sent is so again, until curl gives up.
  const isAnnounced = requestBody === "" && Number(requestHeaders["content-length"] ?? 0) > 0;
  const length = isAnnounced ? [`  -m 5 -H ${quote(`content-length: ${requestHeaders["content-length"]}`)}`] : [];
  // With -X HEAD curl waits for a body that never comes.
  const how = method === "HEAD" ? "--head" : `-N -X ${method}`;
  return [`curl -isS ${how} ${quote(url)}`, ...key, ...headers, ...length, ...body].join(" \\\n");
}

/** Bytes that no HTTP client says. */
function toRaw({ url, requestBody }: Exchange): string {
  const { hostname, port, protocol } = new URL(url);
  const secure = protocol === "https:";
  const [host, at] = [hostname.replaceAll(/[[\]]/g, ""), port || (secure ? 443 : 80)];
  const bytes = requestBody
    .replaceAll("\\", "\\\\")
    .replaceAll("%", "%%")
    .replaceAll("\r", "\\r")
    .replaceAll("\n", "\\n")
    // In octal every shell's `printf` reads a byte. The mask is no bytes: it has characters that no byte is.
    .replaceAll(/[^ -~\u0100-\uffff]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
  // Many a machine has no program that writes bytes to a port; bash is one.
  const connect = secure
    ? `openssl s_client -quiet -connect ${host}:${at}`
    : `bash -c 'exec 3<>/dev/tcp/${host}/${at}; cat <&3 & cat >&3; wait'`;
  return `{ printf "${toDoubleQuoted(bytes)}"; sleep 2; } | ${connect}`;
}

/**
 * The frames of a connection, each once nothing has come for a while: what a case had waited for is there by then. Ids that
 * are to be used once are others in each run.
 */
function toFrames({ url, requestBody }: Exchange): string {
  const frames = requestBody.split("\n").map((frame) => `  ${JSON.stringify(frame)},`);
  return [
    "cat > repro.mjs <<'END'",
    "const frames = [",
    ...frames,
    "];",
    "const ids = new Map();",
    "const toFresh = (id) => ids.get(id) ?? ids.set(id, crypto.randomUUID()).get(id);",
    "const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;",
    `const toText = (frame) => frame.replaceAll(uuid, toFresh).replaceAll("${masked}", process.env.OPENAI_API_KEY);`,
    `const socket = new WebSocket(${JSON.stringify(url.replace(/^http/, "ws"))});`,
    "let timer;",
    "const wait = () => {",
    "  clearTimeout(timer);",
    "  timer = setTimeout(() => {",
    "    const frame = frames.shift();",
    "    if (frame === undefined) return socket.close();",
    "    console.log(`> ${frame}`);",
    "    socket.send(toText(frame));",
    "    wait();",
    "  }, 1000);",
    "};",
    "socket.onopen = wait;",
    "socket.onmessage = ({ data }) => (console.log(`< ${data}`), wait());",
    "socket.onclose = ({ code, reason }) => (clearTimeout(timer), console.log(`closed with ${code} ${reason}`));",
    "END",
    "node repro.mjs",
  ].join("\n");
}

/** For double quotes, so that the shell puts the key in; it never stands in the text. */
function toDoubleQuoted(text: string): string {
  return text
    .split(masked)
    .map((part) => part.replaceAll(/[\\"$`]/g, String.raw`\$&`))
    .join("${OPENAI_API_KEY}");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** The same call as a program for the SDK. */
export function toSnippet({ requestBody }: Exchange, baseUrl: string): string {
  const body = requestBody.trim().startsWith("{") ? requestBody : "{}";
  return [
    "cat > repro.mjs <<'END'",
    'import OpenAI from "openai";',
    `const client = new OpenAI({ baseURL: ${JSON.stringify(baseUrl)}, maxRetries: 0 });`,
    `const answer = await client.chat.completions.create(${body});`,
    "if (Symbol.asyncIterator in answer) for await (const chunk of answer) console.log(JSON.stringify(chunk));",
    "else console.log(JSON.stringify(answer, null, 2));",
    "END",
    "node repro.mjs",
  ].join("\n");
}
