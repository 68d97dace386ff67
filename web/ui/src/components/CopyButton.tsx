import { ActionIcon, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** Copies through the clipboard, or a hidden text area where the page is not in a secure context. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

/** Copies and says how it went; done stays true for a moment. */
export function useCopy() {
  const { t } = useTranslation();
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async (text: string) => {
    const copied = await copyText(text);
    setDone(copied);
    if (!copied) notifications.show({ message: t('state.copyFailed'), color: 'red' });
  };
  return { copy, done };
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation();
  const { copy, done } = useCopy();
  return (
    <Tooltip label={done ? t('state.copied') : label}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} onClick={() => void copy(text)}>
        {done ? <IconCheck size={14} /> : <IconCopy size={14} />}
      </ActionIcon>
    </Tooltip>
  );
}
