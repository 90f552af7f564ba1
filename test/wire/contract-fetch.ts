import { type Check, listIds, toPattern } from "@clawgate/contract";
import { checkErrorBody, type OperationRow, operations } from "../../src/base/contract.ts";

export type ContractFetch = typeof fetch;

/** What was checked in this process, so that a test run can say that nothing went unchecked. */
export const checked = { answers: 0, events: 0 };

/**
 * `fetch` that holds every answer against the contract, from outside and on the wire: status, media type, required
 * headers, body, every event of a stream, and `[DONE]`. It throws where the contract is broken. A stream is checked as
 * it is read.
 */
export function createContractFetch(): ContractFetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const url = new URL(input instanceof Request ? input.url : String(input));
    const method = (init?.method ?? (input instanceof Request ? input.method : "GET")).toUpperCase();
    return checkAnswer(response, method, url.pathname);
  };
}

async function checkAnswer(response: Response, method: string, path: string): Promise<Response> {
  const where = `${method} ${path} → ${response.status}`;
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  assert(/^req_[0-9a-f]{24}$/.test(response.headers.get("x-request-id") ?? ""), `${where}: no x-request-id`);
  checked.answers++;
  const row = findRow(method, path);
  const specified = row?.responses[response.status];
  if (row === undefined || specified === undefined) {
    // No operation of the contract: it can only be refused, in the one shape of errors.
    assert(row === undefined, `${where}: the contract has no such status here`);
    await assertErrorBody(response, where, method);
    return response;
  }
  const check = specified.content[type];
  assertDefined(check, `${where}: the contract has no media type ${type} here`);
  for (const [name, { required }] of Object.entries(specified.headers)) {
    assert(!required || response.headers.has(name), `${where}: no header ${name}`);
  }
  if (method === "HEAD") return response;
  if (type === "text/event-stream") return checkStream(response, where, check);
  const text = await response.clone().text();
  const body: unknown = type === "application/json" ? JSON.parse(text) : text;
  const violation = check(body);
  assert(violation === undefined, `${where}: ${violation?.message}`);
  return response;
}

async function assertErrorBody(response: Response, where: string, method: string): Promise<void> {
  assert(response.status >= 400, `${where}: not in the contract`);
  if (method === "HEAD") return;
  const body: unknown = await response.clone().json();
  assert(checkErrorBody(body) === undefined, `${where}: not an error body: ${JSON.stringify(body)}`);
}

function checkStream(response: Response, where: string, check: Check<unknown>): Response {
  let rest = "";
  let last = "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const take = (block: string): void => {
    const lines = block.split("\n").filter((line) => line !== "" && !line.startsWith(":"));
    if (lines.length === 0) return;
    // Only the events of a run that is logged have a number.
    if (/^id: [1-9]\d*$/.test(lines[0] ?? "")) lines.shift();
    assert(lines.length === 1 && lines[0]?.startsWith("data: ") === true, `${where}: not one data line: ${block}`);
    assert(last !== "[DONE]", `${where}: an event after [DONE]`);
    last = (lines[0] ?? "").slice("data: ".length);
    if (last === "[DONE]") return;
    checked.events++;
    assert(check(JSON.parse(last)) === undefined, `${where}: an event breaks the contract: ${last}`);
  };
  const watch = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      const blocks = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) take(block);
      controller.enqueue(bytes);
    },
    flush() {
      assert(rest === "" || rest.startsWith(":"), `${where}: the stream ends inside an event`);
      const failed = last.startsWith('{"error"');
      assert(last === "[DONE]" || failed, `${where}: the stream ends without [DONE] or an error`);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body?.pipeThrough(watch), { status, statusText, headers });
}

function findRow(method: string, path: string): OperationRow | undefined {
  const asked = method === "HEAD" ? "GET" : method;
  return listIds(operations)
    .map((id): OperationRow => operations[id])
    .find((row) => toPattern(row).test(path) && row.method === asked);
}

function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`contract: ${message}`);
}

function assertDefined<T>(value: T | undefined, message: string): asserts value is T {
  assert(value !== undefined, message);
}
