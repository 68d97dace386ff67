import { Button, Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconDownload } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SearchRequest } from '../../api/client';
import { useFormats } from '../../components/use-formats';
import { collect, download, MOST_EXPORTED, toCSV } from './export-traces';

/** Saves the traces found to a file, and says how far it is. */
export function Export({ request }: { request: SearchRequest }) {
  const { t } = useTranslation();
  const format = useFormats();
  const [loaded, setLoaded] = useState<number | undefined>();
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const save = async (kind: 'json' | 'csv') => {
    const control = new AbortController();
    running.current = control;
    setLoaded(0);
    try {
      const traces = await collect(request, setLoaded, control.signal);
      if (kind === 'json') download('traces.json', 'application/json', JSON.stringify({ traces }, null, 1));
      else download('traces.csv', 'text/csv', toCSV(traces));
    } catch (error) {
      if (!control.signal.aborted)
        notifications.show({ message: error instanceof Error ? error.message : String(error), color: 'red' });
    }
    if (running.current === control) setLoaded(undefined);
  };
  if (loaded !== undefined) {
    return (
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => {
          running.current?.abort();
          setLoaded(undefined);
        }}
      >
        <span role="status">{t('export.progress', { loaded: format.count(loaded) })}</span>
      </Button>
    );
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="compact-sm" variant="default" leftSection={<IconDownload size={14} />}>
          {t('export.label')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('export.most', { most: format.count(MOST_EXPORTED) })}</Menu.Label>
        <Menu.Item onClick={() => void save('json')}>{t('export.json')}</Menu.Item>
        <Menu.Item onClick={() => void save('csv')}>{t('export.csv')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
