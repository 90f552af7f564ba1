// What the contract has gained and lost from one version to the next. A release keeps what its contract had in openapi/released/.
import type { OpenApi } from "@clawgate/contract/generate";
import { escapeHtml } from "./markup.ts";
import type { SitePage } from "./site-page.ts";

/** By kind: the names that a version has. */
export type Inventory = Readonly<Record<string, readonly string[]>>;

export interface Released {
  readonly version: string;
  readonly inventory: Inventory;
}

/** Every name that a client, or a configuration, can depend on. */
export function toInventory(
  document: OpenApi,
  codes: readonly string[],
  keys: readonly string[],
  methods: readonly string[],
): Inventory {
  const operations = Object.entries(document.paths).flatMap(([path, all]) =>
    Object.keys(all).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const fields = Object.entries(document.components.schemas).flatMap(([name, schema]) =>
    Object.keys(schema.properties ?? {}).map((field) => `${name}.${field}`),
  );
  return { operations, fields, "error codes": codes, "configuration keys": keys, "socket methods": methods };
}

/** One sentence for each name that has come or gone. */
export function listChanges(before: Inventory, after: Inventory): string[] {
  return Object.keys(after).flatMap((kind) => {
    const [old, now] = [new Set(before[kind]), new Set(after[kind])];
    return [
      ...[...now].filter((name) => !old.has(name)).map((name) => `${kind}: + ${name}`),
      ...[...old].filter((name) => !now.has(name)).map((name) => `${kind}: − ${name}`),
    ];
  });
}

/** From the newest version to the oldest, which has nothing before it. */
export function toChangesPage(released: readonly Released[], now: Released): SitePage {
  const all = [...released.filter(({ version }) => version !== now.version), now];
  const parts = all.map((one, index) => {
    const before = all[index - 1];
    const lines = before === undefined ? undefined : listChanges(before.inventory, one.inventory);
    const counts = Object.entries(one.inventory).map(([kind, names]) => `${names.length} ${kind}`);
    const text =
      lines === undefined
        ? `<p>The first version: ${counts.join(", ")}.</p>`
        : lines.length === 0
          ? "<p>The same names as before.</p>"
          : `<ul>\n${lines.map((line) => `<li><code>${escapeHtml(line)}</code></li>`).join("\n")}\n</ul>`;
    return `<h2 id="${one.version}">${one.version}</h2>\n${text}`;
  });
  const html = `<h1>Changes of the contract</h1>
<p>What each version has gained (+) and lost (−): calls, fields, error codes, keys of the configuration, methods of the socket.</p>
${parts.toReversed().join("\n")}`;
  return { file: "changes.html", title: "Changes", html };
}
