import type { ResponseFormat } from "../../base/contract.ts";
import { toInstance } from "./instance.ts";
import type { Work } from "./work.ts";

export function isJsonFormat(format: ResponseFormat | undefined): boolean {
  return format !== undefined && format.type !== "text";
}

/**
 * JSON text that obeys the response format: an instance of its schema, with strings made from `text`, or
 * `{"answer": text}`. Throws `invalid_value` or `unsupported_value` for a schema that cannot be obeyed.
 */
export function toJsonAnswer(format: ResponseFormat | undefined, text: string, work?: Work): string {
  const param = "response_format";
  if (format?.type === "json_schema")
    return JSON.stringify(toInstance(format.json_schema.schema ?? {}, text, param, work));
  const schema = format?.type === "json_object" ? format.schema : undefined;
  return JSON.stringify(schema === undefined ? { answer: text } : toInstance(schema, text, param, work));
}
