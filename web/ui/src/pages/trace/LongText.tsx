import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './SpanPanel.module.css';

// A megabyte in one text node freezes layout; nobody reads that much unasked.
const SHORT = 1200;

/** Text of any size: cut at first, whole on request. */
export function LongText({ text, code = false }: { text: string; code?: boolean }) {
  const { t } = useTranslation();
  const [whole, setWhole] = useState(false);
  const cut = !whole && text.length > SHORT;
  return (
    <>
      <pre className={code ? classes.code : classes.text}>{cut ? `${text.slice(0, SHORT)}…` : text}</pre>
      {text.length > SHORT && (
        <Button size="compact-xs" variant="subtle" onClick={() => setWhole(!whole)}>
          {whole ? t('span.showLess') : t('span.showAll')}
        </Button>
      )}
    </>
  );
}
