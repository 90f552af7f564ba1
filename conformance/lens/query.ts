import type { Subject } from "../reach/subject.ts";

/** The path with what the subject wants behind every one, before what a case asks of its own. */
export function withQuery({ query }: Pick<Subject, "query">, path: string): string {
  if (query === undefined) return path;
  const at = path.indexOf("?");
  return at < 0 ? `${path}?${query}` : `${path.slice(0, at)}?${query}&${path.slice(at + 1)}`;
}
