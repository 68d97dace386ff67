import { createContext, useContext } from 'react';
import type { SpanDetail } from '../../api/client';

/** A trace that was read from a file: all that is known of it is in the browser. */
export type FileSource = {
  name: string;
  span: (traceId: string, spanId: string) => SpanDetail | undefined;
  /** Whether the file has this trace. */
  has: (traceId: string) => boolean;
};

/** Undefined for a stored trace, of which the server can be asked. */
export const SourceContext = createContext<FileSource | undefined>(undefined);

export const useFileSource = () => useContext(SourceContext);

/** The route that shows a trace: of the file where the file has it. */
export function useTraceRoute() {
  const file = useFileSource();
  return (traceId: string) =>
    (file?.has(traceId) ? '/file/$traceId' : '/trace/$traceId') as '/trace/$traceId';
}
