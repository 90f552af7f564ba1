import { isBuiltin } from "node:module";
import type { Plugin } from "rolldown";

const statement = /^import (?:(\w+|\w[\w$]*), )?(\{[^}]*\}|\* as [\w$]+|[\w$]+) from "([\w:/]+)";$/gm;

/**
 * Takes Node's modules without their ES facades. A facade reads every property of its module once, getters too: that of
 * `node:http` loads Node's own undici by it (1.2 MB of script, 25 ms, 12 MB), which a gateway never uses.
 */
export function takeBuiltinsPlain(): Plugin {
  return {
    name: "take-builtins-plain",
    renderChunk: (code) =>
      code.replace(statement, (all, first: string | undefined, what: string, name: string) => {
        if (!isBuiltin(name)) return all;
        // Some packages import `process` by its own name.
        const module = `globalThis.process.getBuiltinModule("${name}")`;
        const rest = what.replace(/^\* as /, "").replaceAll(" as ", ": ");
        return first === undefined ? `var ${rest} = ${module};` : `var ${first} = ${module};\nvar ${rest} = ${first};`;
      }),
  };
}
