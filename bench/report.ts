import { type Change, tolerance } from "./compare.ts";
import { type Figure, toRatio } from "./figures.ts";

export function toLine(figure: Figure): string {
  const ratio = toRatio(figure);
  const value = `${figure.value.toPrecision(3)} ${figure.unit}`;
  const beside = ratio === undefined ? "" : `${ratio.toFixed(2)} × ${figure.against?.toPrecision(3)}`;
  const name = `${figure.row.padEnd(9)}${figure.subject.padEnd(14)}${figure.what.padEnd(48)}`;
  return `${name}${value.padEnd(24)}${beside.padEnd(16)}${figure.aim ?? ""}`.trimEnd();
}

export function toChangeLine({ name, before, now, slower }: Change): string {
  const allowed = `${tolerance * 100} %`;
  const verdict = slower ? `slower than before by more than ${allowed}` : `not slower by more than ${allowed}`;
  return `${name.padEnd(64)}${before.toFixed(2)} → ${now.toFixed(2)}  ${verdict}`;
}
