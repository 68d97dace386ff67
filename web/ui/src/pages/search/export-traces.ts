import { api, type SearchRequest, type TraceSummary } from '../../api/client';
import { parseInstant, toMillis } from '../../units';

export const MOST_EXPORTED = 1000;
const PAGE = 200;

/** The newest traces of a search, page by page. */
export async function collect(
  request: SearchRequest,
  onProgress: (loaded: number) => void,
  signal: AbortSignal,
): Promise<TraceSummary[]> {
  const traces: TraceSummary[] = [];
  const query = { ...request, limit: PAGE };
  let cursor: string | undefined;
  do {
    const page = await api.searchTraces({ ...query, ...(cursor && { cursor }) }, { signal });
    traces.push(...page.traces.slice(0, MOST_EXPORTED - traces.length));
    onProgress(traces.length);
    cursor = page.nextCursor;
  } while (cursor && traces.length < MOST_EXPORTED);
  return traces;
}

const COLUMNS = [
  'traceId',
  'start',
  'durationNs',
  'rootService',
  'rootName',
  'spans',
  'errors',
  'services',
] as const;

/** RFC 4180, one line a trace. */
export function toCSV(traces: readonly TraceSummary[]): string {
  const lines = traces.map((trace) =>
    [
      trace.traceId,
      new Date(toMillis(parseInstant(trace.startNs))).toISOString(),
      String(trace.durationNs),
      trace.rootService,
      trace.rootName,
      String(trace.spans),
      String(trace.errors),
      trace.services.map((service) => service.name).join(' '),
    ]
      .map(quoted)
      .join(','),
  );
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}

/** A cell; what a spreadsheet would run as a formula is made text. */
function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function download(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken the file by then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
