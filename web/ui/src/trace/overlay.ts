import type { CriticalPath } from './critical';
import type { GapScale } from './gaps';
import type { TraceModel } from './model';

/** What is drawn on top of the bare spans, and what is left out of them. */
export type Overlay = {
  path?: CriticalPath | undefined;
  /** Rows whose function was started for them. */
  cold: ReadonlySet<number>;
  /** 1 at rows that match what is looked for. */
  matches?: Uint8Array | undefined;
  hidden?: Uint8Array | undefined;
  fold: boolean;
  scale?: GapScale | undefined;
  /** Spans below which the traces that they are linked with are shown. */
  opened: ReadonlySet<string>;
};

export const PLAIN: Overlay = { cold: new Set(), fold: false, opened: new Set() };

/** Rows whose service or name contains text, whatever its case. Words are looked at once, not once a row. */
export function findMatches(model: TraceModel, text: string | undefined): Uint8Array | undefined {
  const wanted = text?.trim().toLowerCase();
  if (!wanted) return undefined;
  const has = (word: string) => word.toLowerCase().includes(wanted);
  const services = model.services.map(has);
  const names = model.names.map(has);
  const matches = new Uint8Array(model.rows);
  for (let row = 0; row < model.rows; row++) {
    if (services[model.service[row] ?? -1] || names[model.name[row] ?? -1] || model.id[row] === wanted)
      matches[row] = 1;
  }
  return matches;
}

/** The match after, or before, row; -1 without any. */
export function nextMatch(matches: Uint8Array, row: number, direction: 1 | -1): number {
  const n = matches.length;
  for (let step = 1; step <= n; step++) {
    const at = (row + direction * step + n * 2) % n;
    if (matches[at]) return at;
  }
  return -1;
}

/** Rows that are not wanted: of hidden services, and those below so many thousandths of the trace. Top rows always stay. */
export function findHidden(
  model: TraceModel,
  services: readonly string[],
  thousandths: number,
): Uint8Array | undefined {
  if (services.length === 0 && thousandths === 0) return undefined;
  const unwanted = model.services.map((name) => services.includes(name));
  const least = (model.durationNs * thousandths) / 1000;
  const hidden = new Uint8Array(model.rows);
  for (let row = 0; row < model.rows; row++) {
    if ((model.parent[row] ?? -1) < 0) continue;
    // What lies below may outlive its parent, and an error is never too short to be seen.
    const took = (model.subtreeEnd[row] ?? 0) - (model.start[row] ?? 0);
    const failed = model.status[row] === 2 || (model.errorsBelow[row] ?? 0) > 0;
    if (unwanted[model.service[row] ?? -1] || (took < least && !failed)) hidden[row] = 1;
  }
  return hidden;
}
