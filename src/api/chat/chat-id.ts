import { GatewayError } from "../../base/errors.ts";

/** One header of the call, by its name in lower case; an empty one is undefined. */
export type ReadHeader = (name: string) => string | undefined;

/** The same rules as those of the field `user`, which the contract states. */
const charactersMax = 512;

/** The chat id of the first of these headers that is there. Throws `invalid_session_key` for one that is no id. */
export function readChatId(names: readonly string[], header: ReadHeader): string | undefined {
  for (const name of names) {
    const value = header(name);
    if (value === undefined || isTemplate(value)) continue;
    if (value.length > charactersMax) refuse(name, `is longer than ${charactersMax} characters`);
    if (Array.from(value).some(isControl)) refuse(name, "has control characters");
    return value;
  }
  return undefined;
}

/** `{{CHAT_ID}}` itself: a client too old to fill it in sends the same text in every chat, which names none. */
export function isTemplate(value: string): boolean {
  return /^\{\{\w+\}\}$/.test(value);
}

function isControl(character: string): boolean {
  return character < " " || character === "\u007f";
}

function refuse(name: string, what: string): never {
  throw new GatewayError("invalid_session_key", `The chat id in '${name}' ${what}.`, { param: name });
}
