import type { ModuleInfo } from "rolldown";

/** A longer one is no part of `small`, which the store's worker loads too. */
const smallChars = 40_000;

/** What the contract takes from packages. */
const ofContract = /node_modules\/(?:ajv|fast-deep-equal|fast-uri|json-schema-traverse|require-from-string)\//;

/** The modules that are bundled. */
interface Modules {
  getModuleInfo(id: string): Pick<ModuleInfo, "code" | "importedIds"> | null;
}

/** `small` needs nothing but its like and Node; `base` needs what is small, the contract and its like. */
type Chunk = "small" | "base";

/**
 * Says which of two chunks a module may be part of, if several commands share it; `contract` is the folder of its package,
 * with a slash. By itself each such module would be a file. To find a hundred of those takes Node's loader so often to the
 * same few functions that V8 compiles them with TurboFan, whose code is five megabytes of the process: the sooner, the
 * longer the path is where the package lies.
 */
export function createChunkOf(contract: string): (id: string, modules: Modules) => Chunk | null {
  const known = new Map<string, Chunk | null>();
  const find = (id: string, modules: Modules): Chunk | null => {
    if (id.startsWith("node:")) return "small";
    if (id.startsWith(contract) || ofContract.test(id)) return "base";
    const before = known.get(id);
    if (before !== undefined) return before;
    // Whoever imports itself by way of others has none, and neither has whoever imports such a one.
    known.set(id, null);
    const found = id.includes("node_modules") ? null : findOurs(id, modules);
    known.set(id, found);
    return found;
  };
  const findOurs = (id: string, modules: Modules): Chunk | null => {
    const module = modules.getModuleInfo(id);
    if (module === null) return null;
    const imported = module.importedIds.map((each) => find(each, modules));
    if (imported.includes(null)) return null;
    return imported.includes("base") || (module.code?.length ?? 0) > smallChars ? "base" : "small";
  };
  return find;
}
