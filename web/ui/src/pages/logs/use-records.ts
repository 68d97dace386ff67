import { useEffect, useMemo, useRef, useState } from 'react';
import { type LogRequest, useLogPages, useLogTail } from '../../api/logs';
import { type LogRecord, MOST_RECORDS, mergeRecords, withKeys } from './records';

const NONE: LogRecord[] = [];

/**
 * The records of a question, newest first. While live, later ones are asked for; they join the others when atTop says that
 * nothing would move under the reader's eyes, and wait until then.
 */
export function useRecords(request: LogRequest, everyMs: number | false, atTop: boolean) {
  const pages = useLogPages(request);
  const question = JSON.stringify(request);
  const [later, setLater] = useState<{ question: string; joined: LogRecord[]; waiting: LogRecord[] }>({
    question,
    joined: NONE,
    waiting: NONE,
  });
  const current = later.question === question ? later : { question, joined: NONE, waiting: NONE };
  const loaded = useMemo(() => {
    const taken = new Map<string, number>();
    return pages.data?.pages.flatMap((page) => withKeys(page.logs, taken)) ?? NONE;
  }, [pages.data]);
  const shown = useMemo(() => mergeRecords(current.joined, loaded), [current.joined, loaded]);
  const newest = useRef<string | undefined>(undefined);
  newest.current = (current.waiting[0] ?? shown.records[0])?.log.timeNs;
  const ready = pages.data !== undefined && !pages.isPlaceholderData;
  const tail = useLogTail(request, () => newest.current, ready && everyMs);
  const known = useRef(shown.records);
  known.current = shown.records;
  useEffect(() => {
    if (!tail.data || !ready) return;
    const keys = new Set(known.current.map(({ key }) => key));
    const fresh = withKeys(tail.data.logs).filter(({ key }) => !keys.has(key));
    if (fresh.length === 0) return;
    setLater((before) => {
      const same = before.question === question ? before : { question, joined: NONE, waiting: NONE };
      return { ...same, waiting: mergeRecords(same.waiting, fresh).records };
    });
  }, [tail.data, ready, question]);
  const join = () =>
    setLater(({ joined, waiting }) => ({
      question,
      joined: mergeRecords(waiting, joined).records,
      waiting: NONE,
    }));
  // Waiting records join as soon as they can.
  const joins = atTop && current.waiting.length > 0;
  useEffect(() => {
    if (!joins) return;
    setLater(({ joined, waiting }) => ({
      question,
      joined: mergeRecords(waiting, joined).records,
      waiting: NONE,
    }));
  }, [joins, question]);
  return {
    pages,
    records: shown.records,
    waiting: current.waiting.length,
    join,
    /** The page holds as many as it can; older ones are reached by a narrower time. */
    full: shown.records.length >= MOST_RECORDS,
    skipped: tail.data?.skipped ?? false,
    tailError: tail.error,
  };
}
