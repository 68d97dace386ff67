import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../../components/use-formats';
import classes from './SpanPanel.module.css';
import { useRest } from './use-span-detail';

// A megabyte in one text node freezes layout; nobody reads that much unasked, and nobody more than this.
const SHORT = 1200;
const MOST = 200_000;

type Props = {
  text: string;
  code?: boolean;
  /** Length of the whole value in bytes, where text is only its beginning. */
  wholeBytes?: number | undefined;
};

/** Text of any size: cut at first, whole on request; what the server has kept back is then fetched. */
export function LongText({ text, code = false, wholeBytes }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const rest = useRest();
  const [whole, setWhole] = useState(false);
  const more = text.length > SHORT || wholeBytes !== undefined;
  const shown = text.slice(0, whole ? MOST : SHORT);
  const open = () => {
    if (!whole && wholeBytes !== undefined) rest.fetch();
    setWhole(!whole);
  };
  return (
    <>
      <pre className={code ? classes.code : classes.text}>
        {shown}
        {(shown.length < text.length || wholeBytes !== undefined) && '…'}
      </pre>
      {more && (
        <Button
          size="compact-xs"
          variant="subtle"
          loading={whole && wholeBytes !== undefined && rest.fetching}
          onClick={open}
        >
          {whole
            ? t('span.showLess')
            : wholeBytes === undefined
              ? t('span.showAll')
              : t('spanMore.fetchAll', { size: format.bytes(wholeBytes) })}
        </Button>
      )}
      {whole && text.length > MOST && (
        <p className={classes.none}>
          {t('spanMore.drawn', { shown: format.count(MOST), total: format.count(text.length) })}
        </p>
      )}
    </>
  );
}
