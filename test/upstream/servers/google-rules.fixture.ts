import type { Body } from "./script.fixture.ts";

interface Part {
  readonly text?: string;
  readonly functionCall?: { readonly name: string; readonly args?: unknown };
  readonly functionResponse?: { readonly name: string };
}

interface Content {
  readonly role?: string;
  readonly parts?: readonly Part[];
}

interface Declared {
  readonly functionDeclarations?: readonly { readonly name: string }[];
}

const name = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/;

/** What the Gemini API says to a request whose form is wrong; undefined if it is right. */
export function refuseGoogle(body: Body): string | undefined {
  const contents = body["contents"] as readonly Content[];
  const system = body["systemInstruction"] as Content | undefined;
  const tools = (body["tools"] ?? []) as readonly Declared[];
  if ("toolConfig" in body && tools.length === 0)
    return "Function calling config is set without function_declarations.";
  for (const [index, declared] of tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations).entries())
    if (!name.test(declared.name))
      return `GenerateContentRequest.tools[0].function_declarations[${index}].name: Invalid function name. Must start with a letter or an underscore.`;
  if (contents.length === 0) return "* GenerateContentRequest.contents: contents is not specified";
  return refuseParts([...(system === undefined ? [] : [system]), ...contents]) ?? refuseTurns(contents);
}

function refuseParts(contents: readonly Content[]): string | undefined {
  for (const { parts = [] } of contents) {
    if (parts.length === 0) return "* GenerateContentRequest.contents.parts: contents.parts must not be empty.";
    for (const { text, functionCall: call, functionResponse: response } of parts) {
      if (text?.trim() === "") return "Unable to submit request because it must have a text parameter.";
      const called = call?.name ?? response?.name;
      if (called !== undefined && !name.test(called)) return `Invalid function name '${called}'.`;
      if (call?.args !== undefined && (typeof call.args !== "object" || Array.isArray(call.args)))
        return "Invalid value at 'contents.parts.function_call.args' (type.googleapis.com/google.protobuf.Struct)";
    }
  }
  return undefined;
}

function refuseTurns(contents: readonly Content[]): string | undefined {
  const last = contents.at(-1);
  let before: Content | undefined;
  for (const content of contents) {
    const calls = listParts(content, "functionCall");
    const responses = listParts(content, "functionResponse");
    if (calls.length > 0 && before?.role !== "user")
      return "Please ensure that function call turn comes immediately after a user turn or after a function response turn.";
    const owed = listParts(before, "functionCall");
    if (responses.length !== owed.length)
      return owed.length === 0 || responses.length === 0
        ? "Please ensure that function response turn comes immediately after a function call turn."
        : "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.";
    if (responses.some((response, index) => response.name !== owed[index]?.name))
      return "Please ensure that function responses have the names of their calls.";
    before = content;
  }
  if (listParts(last, "functionCall").length > 0 || last?.role !== "user")
    return "Please ensure that multiturn requests end with a user role or a function response.";
  return undefined;
}

function listParts(
  content: Content | undefined,
  kind: "functionCall" | "functionResponse",
): readonly { readonly name: string }[] {
  return (content?.parts ?? []).flatMap((part) => part[kind] ?? []);
}
