// Samples of each operation in curl, the official SDK, Python and fetch, made from the examples of the contract.
import type { OpenApi, Operation } from "@clawgate/contract/generate";

export interface Sample {
  readonly lang: string;
  readonly label: string;
  readonly source: string;
}

/** What is known of a call when it is written down. */
interface Sampled {
  readonly id: string;
  readonly method: string;
  /** With the examples of its parameters in it. */
  readonly path: string;
  readonly body: unknown;
  readonly streamed: boolean;
  readonly secured: boolean;
  readonly json: boolean;
}

const origin = "http://127.0.0.1:18789";

/** Puts `x-codeSamples` into every operation that is served. */
export function addSamples(document: OpenApi): void {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (operation.responses["200"] === undefined) continue;
      operation["x-codeSamples"] = listCalls(document, path, method, operation).flatMap(toSamples);
    }
  }
}

interface Example {
  readonly value: { readonly stream?: boolean };
}

/** One call for an operation without a body; with one, its plain example and the one that is streamed. */
function listCalls(document: OpenApi, path: string, method: string, operation: Operation): Sampled[] {
  const content = operation.responses["200"]?.content ?? {};
  const toExample = (_: string, name: string): string => encodeURIComponent(exampleOf(document, operation, name));
  const json = content["application/json"] !== undefined;
  const call = {
    id: operation.operationId,
    method: method.toUpperCase(),
    path: path.replaceAll(/\{(\w+)\}/g, toExample),
    body: undefined,
    secured: (operation.security ?? []).length > 0,
    json,
    streamed: !json && content["text/event-stream"] !== undefined,
  };
  const media = operation.requestBody?.content["application/json"] as
    | { examples?: Record<string, Example> }
    | undefined;
  const examples = Object.values(media?.examples ?? {});
  const plain = examples.find(({ value }) => value.stream !== true);
  if (plain === undefined) return [call];
  const stream = examples.find(({ value }) => value.stream === true);
  const streamed = stream === undefined ? [] : [{ ...call, body: stream.value, streamed: true }];
  return [{ ...call, body: plain.value }, ...streamed];
}

interface Exemplified {
  readonly $ref?: string;
  readonly name: string;
  readonly example?: string;
  readonly examples?: Readonly<Record<string, { readonly value: string }>>;
}

function exampleOf(document: OpenApi, operation: Operation, name: string): string {
  const shared = document.components["parameters"] as Record<string, Exemplified> | undefined;
  const parameters = (operation.parameters ?? []) as unknown as readonly Exemplified[];
  const found = parameters
    .map((each) => (each.$ref === undefined ? each : shared?.[each.$ref.split("/").at(-1) ?? ""]))
    .find((each) => each?.name === name);
  const value = found?.example ?? Object.values(found?.examples ?? {})[0]?.value;
  if (value === undefined) throw new Error(`${operation.operationId}: the parameter ${name} has no example`);
  return value;
}

function toSamples(call: Sampled): Sample[] {
  const add = call.streamed && call.body !== undefined ? ", streamed" : "";
  const samples = [
    { lang: "shell", label: `curl${add}`, source: toCurl(call) },
    { lang: "javascript", label: `SDK${add}`, source: toSdk(call) },
    { lang: "python", label: `Python${add}`, source: toPython(call) },
    { lang: "javascript", label: `fetch${add}`, source: toFetch(call) },
  ];
  return samples.filter((sample): sample is Sample => sample.source !== undefined);
}

function toCurl({ method, path, body, secured, streamed }: Sampled): string {
  const verb = method === "GET" || body !== undefined ? "" : ` -X ${method}`;
  const parts = [`curl${streamed ? " -N" : ""}${verb} ${origin}${path}`];
  if (secured) parts.push('-H "Authorization: Bearer $OPENAI_API_KEY"');
  if (path === "/") parts.push('-H "Accept: text/html"');
  if (body !== undefined) {
    parts.push('-H "Content-Type: application/json"');
    parts.push(`-d '${JSON.stringify(body, null, 2).replaceAll("'", String.raw`'\''`)}'`);
  }
  return parts.join(" \\\n  ");
}

function toFetch({ method, path, body, secured, streamed, json }: Sampled): string {
  const headers = [
    ...(secured ? ["authorization: `Bearer ${process.env.OPENAI_API_KEY}`"] : []),
    ...(path === "/" ? ['accept: "text/html"'] : []),
    ...(body === undefined ? [] : ['"content-type": "application/json"']),
  ];
  const options = [
    ...(method === "GET" ? [] : [`method: "${method}",`]),
    ...(headers.length > 0 ? [`headers: { ${headers.join(", ")} },`] : []),
    ...(body === undefined ? [] : [`body: JSON.stringify(${indent(toScript(body), 2)}),`]),
  ];
  const given = options.length === 0 ? "" : `, {\n${options.map((line) => `  ${line}\n`).join("")}}`;
  const read = streamed
    ? "for await (const text of answer.body.pipeThrough(new TextDecoderStream())) console.log(text);"
    : `console.log(await answer.${json ? "json" : "text"}());`;
  return `const answer = await fetch("${origin}${path}"${given});\n${read}`;
}

const sdkHead = `import OpenAI from "openai"; // it reads OPENAI_BASE_URL and OPENAI_API_KEY

const client = new OpenAI();
`;

const lastPartOf = (path: string): string => decodeURIComponent(path.split("/").at(-1) ?? "");

function toSdk({ id, method, path, body, streamed }: Sampled): string | undefined {
  if (!path.startsWith("/v1/")) return undefined;
  const below = path.slice("/v1".length);
  if (body !== undefined) {
    const made = `await client.chat.completions.create(${toScript(body)});`;
    const loop = `for await (const chunk of stream) console.log(chunk.choices[0]?.delta.content ?? "");`;
    return streamed
      ? `${sdkHead}const stream = ${made}\n${loop}`
      : `${sdkHead}const completion = ${made}\nconsole.log(completion.choices[0].message.content);`;
  }
  if (id === "listModels") return `${sdkHead}for await (const model of client.models.list()) console.log(model.id);`;
  if (id === "retrieveModel") return `${sdkHead}console.log(await client.models.retrieve("${lastPartOf(path)}"));`;
  if (streamed) {
    const made = `await client.get("${below}", { stream: true });`;
    return `${sdkHead}const stream = ${made}\nfor await (const chunk of stream) console.log(chunk);`;
  }
  return `${sdkHead}console.log(await client.${method.toLowerCase()}("${below}"));`;
}

const pythonHead = `from openai import OpenAI  # it reads OPENAI_BASE_URL and OPENAI_API_KEY

client = OpenAI()
`;

function toPython({ id, method, path, body, streamed }: Sampled): string | undefined {
  if (!path.startsWith("/v1/")) return undefined;
  const below = path.slice("/v1".length);
  if (body !== undefined) {
    const fields = Object.entries(body ?? {}).map(([key, value]) => `    ${key}=${indent(toPythonValue(value), 4)},\n`);
    const made = `client.chat.completions.create(\n${fields.join("")})`;
    const loop = `for chunk in stream:\n    if chunk.choices:\n        print(chunk.choices[0].delta.content or "")`;
    return streamed
      ? `${pythonHead}stream = ${made}\n${loop}`
      : `${pythonHead}completion = ${made}\nprint(completion.choices[0].message.content)`;
  }
  if (id === "listModels") return `${pythonHead}for model in client.models.list():\n    print(model.id)`;
  if (id === "retrieveModel") return `${pythonHead}print(client.models.retrieve("${lastPartOf(path)}"))`;
  if (streamed) {
    const head = pythonHead.replace("import OpenAI ", "import OpenAI, Stream ");
    const made = `client.get("${below}", cast_to=object, stream=True, stream_cls=Stream[object])`;
    return `${head}stream = ${made}\nfor chunk in stream:\n    print(chunk)`;
  }
  return `${pythonHead}print(client.${method.toLowerCase()}("${below}", cast_to=object))`;
}

/** JSON as a literal of JavaScript, keys bare where they may be. */
function toScript(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(/^(\s*)"([A-Za-z_]\w*)":/gm, "$1$2:");
}

function toPythonValue(value: unknown): string {
  const words: Readonly<Record<string, string>> = { true: "True", false: "False", null: "None" };
  const toWord = (_: string, before: string, word: string): string => `${before}${words[word]}`;
  return JSON.stringify(value, null, 4).replaceAll(/(^\s*|: )(true|false|null)(?=,?$)/gm, toWord);
}

function indent(text: string, by: number): string {
  return text.replaceAll("\n", `\n${" ".repeat(by)}`);
}
