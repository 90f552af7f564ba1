import { findCycle, type Graph, isBarrel, isTestFile, readsEnvironment } from "./graph.ts";

/** A row may import itself and the rows below it, and within a row nobody knows the neighbour. */
export const layers: readonly (readonly string[])[] = [
  ["cli", "command", "index"],
  ["gateway"],
  ["runtime"],
  ["edge", "socket"],
  ["api"],
  ["run"],
  ["model", "tool", "session"],
  ["outbound"],
  ["base"],
  ["generated"],
];

/** The neighbours that may know each other: `cli.ts` is the list of commands. */
const neighbours: readonly (readonly [from: string, to: string])[] = [["cli", "command"]];

/** Where the trees beside `src/` may reach; each may import itself. */
export const trees: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  openapi: [],
  conformance: [],
  bench: ["src", "generated", "test", "conformance"],
  examples: ["src", "generated"],
};

const environmentReader = "src/cli.ts";
const generatedReader = "src/base/contract.ts";

/** One sentence for each breach; none if the graph holds. Test files are exempt. */
export function findBreaches({ files, imports }: Graph): string[] {
  const own = files.filter((file) => !isTestFile(file));
  const tests = new Set(files.filter(isTestFile).map(({ path }) => path));
  const graph: Graph = { files: own, imports: new Map(own.map(({ path }) => [path, imports.get(path) ?? []])) };
  const cycle = findCycle(graph);
  return [
    ...own.flatMap(({ path }) => (imports.get(path) ?? []).flatMap((target) => toBreach(path, target, tests) ?? [])),
    ...own.flatMap(({ path }) => (toLayer(path) === -1 ? [`${path} is in no layer`] : [])),
    ...own.filter((file) => isSource(file.path) && file.path !== "src/index.ts" && isBarrel(file)).map(toBarrelBreach),
    ...own
      .filter((file) => isSource(file.path) && file.path !== environmentReader && readsEnvironment(file))
      .map(({ path }) => `${path} reads process.env, which only ${environmentReader} may`),
    ...(cycle === undefined ? [] : [`cycle: ${cycle.join(" → ")}`]),
  ];
}

function toBreach(path: string, target: string, tests: ReadonlySet<string>): string | undefined {
  if (tests.has(target) || isTestFile({ path: target })) return `${path} imports the test file ${target}`;
  if (!isSource(path)) return toTreeBreach(path, target);
  if (isGenerated(target)) {
    return path === generatedReader ? undefined : `${path} imports ${target}, which only ${generatedReader} may`;
  }
  if (!isSource(target)) return `${path} imports ${target}, which is outside src/`;
  const [from, to] = [toPart(path), toPart(target)];
  if (from === to || toLayer(target) > toLayer(path)) return undefined;
  if (neighbours.some(([left, right]) => left === from && right === to)) return undefined;
  const relation = toLayer(target) === toLayer(path) ? "beside" : "above";
  return `${path} imports ${target}, which is ${relation} it`;
}

function toTreeBreach(path: string, target: string): string | undefined {
  const [from, to] = [toTree(path), toTree(target)];
  if (from === to || trees[from]?.includes(to) === true) return undefined;
  return `${path} imports ${target}, but ${from}/ imports nothing from ${to}/`;
}

function toBarrelBreach({ path }: { readonly path: string }): string {
  return `${path} is a barrel`;
}

/** The row of the table; -1 for a file of `src/` that stands in none, and 0 for the trees beside it. */
function toLayer(path: string): number {
  return isSource(path) ? layers.findIndex((row) => row.includes(toPart(path))) : 0;
}

/** `src/edge/app.ts` → `http`, `src/gateway.ts` → `gateway`. */
function toPart(path: string): string {
  return (path.split("/")[1] ?? "").replace(/\.ts$/, "");
}

function toTree(path: string): string {
  return path.split("/")[0] ?? "";
}

function isSource(path: string): boolean {
  return toTree(path) === "src";
}

function isGenerated(path: string): boolean {
  return toTree(path) === "generated";
}
