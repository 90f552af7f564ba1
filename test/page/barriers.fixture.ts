import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";

/** What axe finds that keeps somebody out. */
export async function findBarriers(page: Page): Promise<unknown[]> {
  await page.evaluate(axe.source);
  // It would fetch the style sheets once more, which a strict policy forbids.
  const { violations } = await page.evaluate<AxeResults>("axe.run({ preload: false })");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}

/** Each width and colour that a page is looked at in. */
export const looks = (["light", "dark"] as const).flatMap((colorScheme) =>
  [1400, 420].map((width) => ({ colorScheme, viewport: { width, height: 1000 } })),
);
