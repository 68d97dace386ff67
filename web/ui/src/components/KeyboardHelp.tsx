import { Kbd, Modal, Switch, Title } from '@mantine/core';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { keymap, type Scope } from '../lib/keymap';
import classes from './KeyboardHelp.module.css';
import type { KeyName } from './use-keys';

const MOD = /mac|iphone|ipad/i.test(navigator.userAgent) ? '⌘' : 'Ctrl';

const SCOPES = ['global', 'time', 'list', 'trace', 'map'] as const satisfies readonly Scope[];

const SHOWN: Record<string, string> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowLeft: '←',
  ArrowRight: '→',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  Escape: 'Esc',
  ' ': 'Space',
  mod: MOD,
};

const OPEN = 'weft-keyboard-help';

/** Shows the help, which the shell holds. */
export const openHelp = () => void window.dispatchEvent(new Event(OPEN));

/** Every key that holds at the moment, and the switch for single keys. */
export function KeyboardHelp() {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    const open = () => setOpened(true);
    window.addEventListener(OPEN, open);
    return () => window.removeEventListener(OPEN, open);
  }, []);
  const layers = useSyncExternalStore(keymap.subscribe, keymap.list);
  return (
    <Modal
      opened={opened}
      onClose={() => setOpened(false)}
      title={t('keys.title')}
      size="lg"
      lockScroll={false}
      closeButtonProps={{ 'aria-label': t('state.close') }}
    >
      <ShortcutSwitch />
      {SCOPES.map((scope) => {
        const lines = new Map<KeyName, string[]>();
        for (const layer of layers)
          if (layer.scope === scope)
            for (const { name, press } of layer.bindings)
              lines.set(name as KeyName, [...new Set([...(lines.get(name as KeyName) ?? []), press])]);
        if (lines.size === 0) return null;
        return (
          <section key={scope}>
            <Title order={2} mt="md">
              {t(`keys.scope.${scope}`)}
            </Title>
            <dl className={classes.keys}>
              {[...lines].map(([name, presses]) => (
                <div key={name} className={classes.entry}>
                  <dt>{t(`keys.name.${name}`)}</dt>
                  <dd>
                    {presses.map((press) => (
                      <Press key={press} press={press} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        );
      })}
    </Modal>
  );
}

/** "g m" is one key after the other, "shift+d" both at once. */
function Press({ press }: { press: string }) {
  return press.split(press === ' ' ? '\n' : ' ').map((part) => (
    <Kbd key={part} size="xs">
      {part
        .split(part === '+' ? '\n' : '+')
        .map((key) => SHOWN[key] ?? (key === 'shift' ? '⇧' : key))
        .join('')}
    </Kbd>
  ));
}

export function ShortcutSwitch() {
  const { t } = useTranslation();
  const on = useSyncExternalStore(keymap.subscribe, () => keymap.on);
  return (
    <Switch
      label={t('keys.single')}
      description={t('keys.singleHint')}
      checked={on}
      onChange={(event) => keymap.switch(event.currentTarget.checked)}
    />
  );
}
