import { Button, TextInput } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Change } from '../../components/use-view';
import type { StateOf } from '../../lib/view';
import { parseExpression } from './expression';
import classes from './MapPage.module.css';
import type { MAP } from './view';

type Props = {
  state: StateOf<typeof MAP>;
  change: Change<typeof MAP>;
  /** How many nodes each finds. */
  marked: number;
  masked: number;
};

/** Finds or hides all nodes that an expression is true of. */
export function ExpressionInput({ state, change, marked, masked }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const wrong = text.trim() !== '' && parseExpression(text) === undefined;
  const usable = text.trim() !== '' && !wrong;
  const apply = (field: 'mark' | 'mask') => {
    if (!usable) return;
    change({ [field]: text.trim(), ...(field === 'mark' && { sel: undefined }) });
    setText('');
  };
  return (
    <>
      <form
        className={classes.control}
        onSubmit={(event) => {
          event.preventDefault();
          apply('mark');
        }}
      >
        <TextInput
          size="xs"
          className={classes.expression ?? ''}
          aria-label={t('map.expression')}
          title={t('map.expressionHelp')}
          placeholder="errors>5% kind=function"
          value={text}
          error={wrong}
          aria-invalid={wrong}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" size="compact-sm" variant="default" disabled={!usable}>
          {t('map.mark')}
        </Button>
        <Button size="compact-sm" variant="default" disabled={!usable} onClick={() => apply('mask')}>
          {t('map.hide')}
        </Button>
        {wrong && (
          <span role="alert" className={classes.warn}>
            {t('map.expressionWrong')}
          </span>
        )}
      </form>
      {state.mark !== undefined && (
        <Button
          size="compact-xs"
          variant="light"
          rightSection={<IconX size={13} />}
          onClick={() => change({ mark: undefined })}
        >
          {t('map.marked', { count: marked, expression: state.mark })}
        </Button>
      )}
      {state.mask !== undefined && (
        <Button
          size="compact-xs"
          variant="light"
          rightSection={<IconX size={13} />}
          onClick={() => change({ mask: undefined })}
        >
          {t('map.masked', { count: masked, expression: state.mask })}
        </Button>
      )}
    </>
  );
}
