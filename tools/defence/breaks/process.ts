import { type Break, without } from "../break.ts";

export const fuzzing: readonly Break[] = [
  // A text that is no JSON is a defect, and not its sender's mistake.
  without(
    ["Z01"],
    "src/edge/body.ts",
    'new GatewayError("invalid_json", `The body is not valid JSON',
    "new Error(`The body is not valid JSON",
  ),
  without(
    ["Z03"],
    "src/session/key.ts",
    "return namespace === undefined ? sessionKey : namespace + sessionKey;",
    "return sessionKey;",
    {
      tests: ["whatever two keys and the operator do in turn, nobody sees or changes what is another's"],
    },
  ),
  without(["Z04"], "src/socket/call-method.ts", "if (!isMethod(method))", "if (method === undefined)"),
  without(
    ["Z05"],
    "src/model/openai/body-reader.ts",
    "this.#decoder.decode(bytes, { stream: true })",
    "this.#decoder.decode(bytes)",
  ),
  without(["Z07"], "src/api/chat/chat-completion.ts", "/^0*[1-9]\\d*$/", "/^(?:0*)*[1-9]\\d*$/"),
  // As a merge of what a client sends into an object of one's own does it.
  without(
    ["Z08"],
    "src/edge/body.ts",
    'return JSON.parse(bytes.toString("utf8"));',
    `const value = JSON.parse(bytes.toString("utf8"));
    const { prototype } = (Object.hasOwn(value ?? {}, "constructor") && value.constructor) || {};
    for (const [name, given] of Object.entries(prototype ?? {}))
      Object.defineProperty(Object.prototype, name, { value: given, configurable: true });
    return value;`,
  ),
  without(
    ["Q01"],
    "package-lock.json",
    '"node_modules/koa": {\n      "version": "',
    '"node_modules/koa": {\n      "version": "0.',
  ),
  without(["Q03"], "package.json", '"koa": "', '"koa": "^'),
];
