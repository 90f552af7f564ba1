import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative } from "node:path";
import ts from "typescript";

/** One source file, by its path from the root of the repository. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface Graph {
  readonly files: readonly SourceFile[];
  /** What each file imports within the repository, types included. */
  readonly imports: ReadonlyMap<string, readonly string[]>;
}

/** Reads the folders that exist, without generated code and dependencies. */
export function loadFiles(root: string, folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => listFiles(join(root, folder)))
    .map((path) => ({
      path: relative(root, path).replaceAll("\\", "/"),
      text: readFileSync(path, "utf8"),
    }));
}

function listFiles(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && /\.[cm]?[tj]s$/.test(entry.name));
    return files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !path.includes("node_modules"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

export function toGraph(files: readonly SourceFile[]): Graph {
  return { files, imports: new Map(files.map((file) => [file.path, listImports(file)])) };
}

/** Packages and `node:` modules are left out: a relative path is what binds two files. */
export function listImports({ path, text }: SourceFile): string[] {
  const { importedFiles } = ts.preProcessFile(text, true, false);
  const relatives = importedFiles.map(({ fileName }) => fileName).filter((name) => name.startsWith("."));
  return relatives.map((name) => posix.normalize(posix.join(posix.dirname(path), name)));
}

/** Code for tests, known by its name or by what it imports. It may import anything, and nothing else imports it. */
export function isTestFile({ path, text = "" }: { readonly path: string; readonly text?: string }): boolean {
  return /\.(?:test|test-d|fixture)\.ts$/.test(path) || /^(?:import\b.*|\}) from "vitest";$/m.test(text);
}

/** Every statement passes on what another file has: a detour for the reader, and a knot for the imports. */
export function isBarrel({ path, text }: SourceFile): boolean {
  if (path.endsWith("/index.ts")) return true;
  const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  return (
    statements.length > 0 &&
    statements.every((statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined)
  );
}

/** `process.env` in any spelling, comments and texts not counted. */
export function readsEnvironment({ path, text }: SourceFile): boolean {
  const isProcess = (node: ts.Node): boolean => ts.isIdentifier(node) && node.text === "process";
  const reads = (node: ts.Node): boolean =>
    (ts.isPropertyAccessExpression(node) && isProcess(node.expression) && node.name.text === "env") ||
    (ts.isElementAccessExpression(node) && isProcess(node.expression)) ||
    (ts.isVariableDeclaration(node) && node.initializer !== undefined && isProcess(node.initializer)) ||
    (ts.isImportDeclaration(node) && /^['"](?:node:)?process['"]$/.test(node.moduleSpecifier.getText())) ||
    ts.forEachChild(node, reads) === true;
  return reads(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
}

/** One cycle as a path that ends where it began, or undefined. */
export function findCycle({ imports }: Graph): string[] | undefined {
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    trail.push(path);
    for (const next of imports.get(path) ?? []) {
      const cycle = visit(next);
      if (cycle !== undefined) return cycle;
    }
    trail.pop();
    done.add(path);
    return undefined;
  };
  for (const path of imports.keys()) {
    const cycle = visit(path);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
