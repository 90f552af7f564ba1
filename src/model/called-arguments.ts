/** Most vendors take an object only; a model that once wrote something else shall still see what it wrote. */
export function toArguments(text: string): object {
  return text.trim() === "" ? {} : (parseObject(text) ?? { arguments: text });
}

/** The same as a text. One that is an object stays as it was written. */
export function toArgumentsText(text: string): string {
  return parseObject(text) === undefined ? JSON.stringify(toArguments(text)) : text;
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    // Not JSON: that is what the caller wants to know.
    return undefined;
  }
}
