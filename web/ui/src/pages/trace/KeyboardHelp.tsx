import { Kbd, Modal, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './KeyboardHelp.module.css';

const MOD = /mac|iphone|ipad/i.test(navigator.userAgent) ? '⌘' : 'Ctrl';

const IN_TRACE = [
  { name: 'move', keys: ['↓', '↑', 'j', 'k'] },
  { name: 'fold', keys: ['←', '→'] },
  { name: 'ends', keys: ['Home', 'End'] },
  { name: 'page', keys: ['PgUp', 'PgDn'] },
  { name: 'open', keys: ['Enter'] },
  { name: 'escape', keys: ['Esc'] },
  { name: 'parent', keys: ['u'] },
  { name: 'error', keys: ['e', 'E'] },
  { name: 'all', keys: ['[', ']'] },
  { name: 'zoom', keys: ['w', 's'] },
  { name: 'pan', keys: ['a', 'd'] },
  { name: 'fit', keys: ['f'] },
  { name: 'reset', keys: ['0'] },
] as const;

export function KeyboardHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('keys.title')}
      lockScroll={false}
      closeButtonProps={{ 'aria-label': t('state.close') }}
    >
      <Title order={2}>{t('keys.everywhere')}</Title>
      <dl className={classes.keys}>
        <Entry label={t('keys.palette')} keys={[`${MOD}+K`]} />
      </dl>
      <Title order={2} mt="md">
        {t('keys.inTrace')}
      </Title>
      <dl className={classes.keys}>
        {IN_TRACE.map(({ name, keys }) => (
          <Entry key={name} label={t(`keys.${name}`)} keys={keys} />
        ))}
      </dl>
    </Modal>
  );
}

function Entry({ label, keys }: { label: string; keys: readonly string[] }) {
  return (
    <div className={classes.entry}>
      <dt>{label}</dt>
      <dd>
        {keys.map((key) => (
          <Kbd key={key} size="xs">
            {key}
          </Kbd>
        ))}
      </dd>
    </div>
  );
}
