import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Note } from './Note';

/** Says once which parts of the address the page did not understand. */
export function IgnoredNote({ ignored }: { ignored: readonly string[] }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(true);
  if (!open || ignored.length === 0) return null;
  return (
    <Note tone="warning" onClose={() => setOpen(false)}>
      {t('state.ignored', { list: ignored.join(', ') })}
    </Note>
  );
}
