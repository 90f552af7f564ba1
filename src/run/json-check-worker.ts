import { parentPort, type MessagePort } from "node:worker_threads";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Checked, Told, ToCheck } from "./json-check.ts";
import { toMs } from "./thread-clock.ts";

// The thread in which schemas of clients are compiled and run. Nothing else happens here, so that it can be ended in the
// middle of a regular expression, or of a compilation, that takes for ever.

/** Between a schema's first use, before the model is asked, and the check of the answer others may come. */
const knownMax = 16;
/** Of a text that does not fit, so many faults are told. */
const faultsMax = 10;

type Check = (value: unknown) => string | undefined;

/** Undefined for a schema that cannot be used. */
const known = new Map<string, Check | undefined>();
// It takes longer to compile than any other schema, and is always the same.
const isSchema = new Ajv2020().compile({ $ref: "https://json-schema.org/draft/2020-12/schema" });

function check({ schema, text }: ToCheck): Checked {
  const run = schema === undefined ? isObjectCheck : toCheck(schema);
  if (run === undefined) return { unusable: true };
  return { misfit: text === undefined ? undefined : findFault(text, run) };
}

function isObjectCheck(value: unknown): string | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "it is no JSON object.";
}

function findFault(text: string, run: Check): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `it is not JSON (${why.slice(0, 200)}).`;
  }
  return run(value);
}

function toCheck(schema: string): Check | undefined {
  const made = known.has(schema) ? known.get(schema) : compile(schema);
  known.delete(schema);
  known.set(schema, made);
  const [oldest] = known.size > knownMax ? known.keys() : [];
  if (oldest !== undefined) known.delete(oldest);
  return made;
}

function compile(text: string): Check | undefined {
  // `$schema` is not looked at: SDKs name drafts that differ from this one in nothing they use.
  const options = { strict: false, allErrors: true, validateFormats: false, logger: false } as const;
  const ajv = new Ajv2020({ ...options, meta: false, validateSchema: false });
  try {
    const schema: unknown = JSON.parse(text);
    if (!isSchema(schema) || typeof schema !== "object" || schema === null) return undefined;
    const validate = ajv.compile(schema);
    // The validator of an `$async` schema gives a promise that rejects, and for which nobody would wait.
    if ("$async" in validate) return undefined;
    return (value) => {
      try {
        if (validate(value)) return undefined;
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        return "it is nested too deeply.";
      }
      return `${ajv.errorsText(validate.errors?.slice(0, faultsMax) ?? [], { dataVar: "the object" })}.`;
    };
  } catch {
    // Whatever the compiler says, it says about the client's schema.
    return undefined;
  }
}

function serve(port: MessagePort): void {
  const tell = (checked?: Checked): void => {
    const told: Told = { cpuMs: toMs(process.threadCpuUsage()), ...(checked !== undefined && { checked }) };
    port.postMessage(told);
  };
  port.on("message", (asked: ToCheck) => tell(check(asked)));
  tell();
}

if (parentPort === null) throw new Error("This file runs as a worker thread only.");
serve(parentPort);
