const KEY = 'weft.compare';

/** The trace that waits for another to be compared with. It lasts as long as the tab. */
export function readMark(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

export function writeMark(traceId: string | undefined): void {
  try {
    if (traceId) sessionStorage.setItem(KEY, traceId);
    else sessionStorage.removeItem(KEY);
  } catch {
    // Without storage the comparison begins on its own page.
  }
}
