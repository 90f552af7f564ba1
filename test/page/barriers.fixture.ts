import axe from "axe-core";
import type { Page } from "playwright-core";

/** Asked for no more than is read, and picked in the page: the names of all that is well take longer than the look itself. */
const run = `axe.run({
  // It would fetch the style sheets once more, which a strict policy forbids.
  preload: false,
  resultTypes: ["violations"],
}).then(({ violations }) => violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))`;

/** What axe finds that keeps somebody out. */
export async function findBarriers(page: Page): Promise<unknown[]> {
  if (!(await page.evaluate<boolean>("'axe' in globalThis"))) await page.evaluate(axe.source);
  return page.evaluate<unknown[]>(run);
}

/** Each width and colour that a page is looked at in. */
export const looks = (["light", "dark"] as const).flatMap((colorScheme) =>
  [1400, 420].map((width) => ({ colorScheme, viewport: { width, height: 1000 } })),
);
