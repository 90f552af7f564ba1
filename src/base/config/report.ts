import type { Violation } from "@clawgate/contract";
import { type ConfigError, type ConfigPath, type ConfigProblem, toConfigError } from "./config-error.ts";
import { explanationFile, findAnchor } from "./explanation.ts";
import { suggestKey } from "./known-keys.ts";
import { findPlace, type Place } from "./place.ts";
import type { Source } from "./source.ts";

/** More are mended in a second round. */
const shownMax = 20;

/** The words of a check of the contract, in those of a configuration, and what was probably meant. */
export function toShapeProblem({ code, param, message, finding }: Violation): ConfigProblem {
  const path = toPath(finding);
  const text = message.replace("parameter", "key");
  if (code !== "unknown_parameter" || param === null) return { message: text, path };
  const meant = suggestKey(path);
  if (meant === undefined) return { message: text, path };
  const about = meant.includes(".") ? meant.split(".") : [...path.slice(0, -1), meant];
  return { message: `${text} Did you mean '${meant}'?`, path, about };
}

/** What a key lacks stands nowhere, so its place is that of what lacks it. */
function toPath(finding: Violation["finding"]): ConfigPath {
  const { instancePath = "", keyword, params = {}, propertyName } = finding ?? {};
  const steps = instancePath
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  const named = keyword === "additionalProperties" ? params["additionalProperty"] : propertyName;
  if (typeof named === "string") return [...steps, named];
  const { tag, tagValue } = params;
  return keyword === "discriminator" && typeof tag === "string" && tagValue !== undefined ? [...steps, tag] : steps;
}

/** One error with all that is wrong, each with its place in the file, in the order of the file. */
export function toPlacedError(problems: readonly ConfigProblem[], { path, text }: Source): ConfigError {
  if (path === undefined) return toConfigError(problems);
  const placed = problems.map(({ message, path: steps, about }) => {
    const key = steps ?? readKey(message);
    const place = findPlace(text, key);
    return { message, place, anchor: findAnchor(about ?? key), isOfFile: steps !== undefined || place !== undefined };
  });
  const ordered = placed.toSorted((one, other) => toOrder(one.place) - toOrder(other.place));
  const shown = ordered.map(toLine);
  const [first = "", ...others] = shown;
  if (others.length === 0) {
    const message = placed[0]?.isOfFile === true ? `${path}: ${first} ${toPage(placed)}` : first;
    return toConfigError([{ message, path: problems[0]?.path }]);
  }
  const more = shown.length > shownMax ? [`  and ${shown.length - shownMax} more.`] : [];
  const lines = [
    `${shown.length} mistakes in ${path}:`,
    ...shown.slice(0, shownMax).map((line) => `  ${line}`),
    ...more,
  ];
  return toConfigError([{ message: [...lines, toPage(ordered.slice(0, shownMax))].join("\n") }]);
}

/** Where the keys that the mistakes are about are explained. */
function toPage(placed: readonly { readonly anchor: string | undefined }[]): string {
  const [only, ...others] = [...new Set(placed.flatMap(({ anchor }) => (anchor === undefined ? [] : [anchor])))];
  if (only === undefined) return `${explanationFile} explains the keys.`;
  if (others.length === 0) return `${explanationFile}#${only} explains it.`;
  return `${explanationFile} explains them: ${[only, ...others].map((anchor) => `#${anchor}`).join(", ")}.`;
}

function toLine({ message, place }: { readonly message: string; readonly place: Place | undefined }): string {
  return place === undefined ? message : `line ${place.line}, column ${place.column}: ${message}`;
}

function toOrder(place: Place | undefined): number {
  return place === undefined ? 0 : place.line * 100_000 + place.column;
}

/** The messages of rules begin with the key that they are about: `agents.list[1].model`, `agents.aliases['x']`. */
function readKey(message: string): ConfigPath {
  const [key = ""] = /^[A-Za-z_$][\w$-]*(?:\.[\w$-]+|\[\d{1,6}\]|\['[^'\n]{0,64}'\])*/.exec(message) ?? [];
  const steps = key.match(/[\w$-]+|'[^']*'/g) ?? [];
  return steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step.replace(/^'(.*)'$/, "$1")));
}
