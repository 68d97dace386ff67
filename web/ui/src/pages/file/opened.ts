import { useSyncExternalStore } from 'react';
import { FileError } from '../../trace-file/fields';
import { MOST_BYTES, type OpenedFile, readTraceFile } from '../../trace-file/read';

// The file that was opened last, for as long as the page lives: its traces are stored nowhere.
let opened: OpenedFile | undefined;
const listeners = new Set<() => void>();

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useOpenedFile = () => useSyncExternalStore(subscribe, () => opened);

/** Reads a file and makes it the opened one. Throws a FileError, and keeps the one before. */
export async function openFile(file: File): Promise<OpenedFile> {
  if (file.size > MOST_BYTES) throw new FileError({ kind: 'tooLarge', bytes: file.size, most: MOST_BYTES });
  const read = readTraceFile(file.name, await file.text());
  opened = read;
  for (const listener of listeners) listener();
  return read;
}
