// npm 10 drops `.bin/node` together with the pinned Nodes of the platforms that it skips, since all of them bring a
// program of that name. Without the link every script would run on the machine's own Node.
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
const link = join(modules, ".bin/node");
const program = join(modules, `node-${process.platform}-${process.arch}/bin/node`);
if (!existsSync(link) && existsSync(program)) {
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(relative(dirname(link), program), link);
}
