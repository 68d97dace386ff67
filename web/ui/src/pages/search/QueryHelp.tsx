import { ActionIcon, Popover } from '@mantine/core';
import { IconQuestionMark } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './QueryHelp.module.css';

/** What one may write, by the key of its explanation. */
export const EXAMPLES = {
  and: 'service = cart and duration > 500ms',
  or: 'http.response.status_code >= 500 or @error = true',
  not: 'not (kind = internal or db.system.name exists)',
  in: '@category in (db, cache, messaging)',
  pattern: 'name =~ "^(GET|POST) /orders"',
  scope: 'resource:service.version = "1.0.0"',
  trace: 'trace.duration > 1s and @trace.error = true',
  below: '{kind = server} >> {db.system.name exists and duration > 20ms}',
  child: '{kind = producer} > {kind = consumer}',
  sibling: '{@category = db} ~ {status = error}',
} as const;

/** How conditions are written, by example; one that is picked is there to be changed. */
export function QueryHelp({ onPick }: { onPick: (example: string) => void }) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={560} trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon
          variant="default"
          size={28}
          aria-label={t('query.help.label')}
          aria-expanded={opened}
          onClick={() => setOpened(!opened)}
        >
          <IconQuestionMark size={15} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('query.help.label')}>
        <p className={classes.lead}>{t('query.help.lead')}</p>
        <ul className={classes.examples}>
          {(Object.keys(EXAMPLES) as (keyof typeof EXAMPLES)[]).map((key) => (
            <li key={key}>
              <button
                type="button"
                onClick={() => {
                  setOpened(false);
                  onPick(EXAMPLES[key]);
                }}
              >
                <code>{EXAMPLES[key]}</code>
                <span>{t(`query.help.${key}`)}</span>
              </button>
            </li>
          ))}
        </ul>
        <p className={classes.lead}>{t('query.help.rest')}</p>
      </Popover.Dropdown>
    </Popover>
  );
}
