/** What a call is made with. */
export type ToolArguments = Readonly<Record<string, unknown>>;

/** The JSON object that a model wrote, or what is wrong with it in words for the model. No text at all is `{}`. */
export function parseArguments(text: string): ToolArguments | string {
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "The arguments are not valid JSON; nothing was called. Write one JSON object.";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return "The arguments are not a JSON object; nothing was called. Write one JSON object.";
  }
  return value as ToolArguments;
}
