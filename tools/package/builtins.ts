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

/**
 * Packages that serve and call alike take TLS along (4 MB), which a gateway behind plain HTTP never calls: loaded at the
 * first use of it.
 */
export function takeTlsWhenUsed(): Plugin {
  return {
    name: "take-tls-when-used",
    renderChunk: (code) =>
      code.replaceAll(
        /\b__require\("(https|tls)"\)/g,
        (_, name: string) => `new Proxy({}, { get: (_, key) => globalThis.process.getBuiltinModule("${name}")[key] })`,
      ),
  };
}
