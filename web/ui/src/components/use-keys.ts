import { useEffect, useRef } from 'react';
import type { en } from '../i18n/en';
import { type Binding, keymap, type Scope } from '../lib/keymap';

export type KeyName = keyof typeof en.keys.name;

/** Keys that hold while the component is on the page; each has its line in the help, by its name. */
export function useKeys(scope: Scope, bindings: readonly Binding<KeyName>[]): void {
  const latest = useRef(bindings);
  latest.current = bindings;
  // The keys of a component stay the same while it lives; only what they do changes.
  const presses = bindings
    .map(({ name, press, run }) => `${name}\t${press}\t${run !== undefined}`)
    .join('\n');
  useEffect(() => {
    const layer = presses.split('\n').map((line, i) => {
      const [name = '', press = '', runs] = line.split('\t');
      return { name, press, ...(runs === 'true' && { run: () => latest.current[i]?.run?.() }) };
    });
    return keymap.add({ scope, bindings: layer });
  }, [scope, presses]);
}
