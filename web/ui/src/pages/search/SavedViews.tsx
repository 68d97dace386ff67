import { ActionIcon, Button, Popover, TextInput } from '@mantine/core';
import { IconBookmark, IconTrash } from '@tabler/icons-react';
import { Link, useRouter } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { parseQuery } from '../../lib/url';
import classes from './SavedViews.module.css';
import { readViews, type SavedView, withoutView, withView, writeViews } from './saved-views';

/** Searches kept under a name in this browser. To share one, its link is copied as any. */
export function SavedViews() {
  const { t } = useTranslation();
  const router = useRouter();
  const [opened, setOpened] = useState(false);
  const [views, setViews] = useState<readonly SavedView[]>(readViews);
  const [name, setName] = useState('');
  const keep = (next: readonly SavedView[]) => {
    setViews(next);
    writeViews(next);
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === '') return;
    keep(withView(views, { name: name.trim(), query: router.latestLocation.searchStr }));
    setName('');
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={320} trapFocus>
      <Popover.Target>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconBookmark size={14} />}
          aria-expanded={opened}
          onClick={() => {
            setViews(readViews());
            setOpened(!opened);
          }}
        >
          {t('savedViews.label')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('savedViews.label')}>
        <form onSubmit={save} className={classes.form}>
          <TextInput
            size="xs"
            data-autofocus
            className={classes.name ?? ''}
            aria-label={t('savedViews.name')}
            placeholder={t('savedViews.name')}
            value={name}
            maxLength={80}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" size="xs" disabled={name.trim() === ''}>
            {t('savedViews.save')}
          </Button>
        </form>
        {views.length === 0 ? (
          <p className={classes.none}>{t('savedViews.none')}</p>
        ) : (
          <ul className={classes.list} aria-label={t('savedViews.label')}>
            {views.map((view) => (
              <li key={view.name}>
                <Link
                  to="/traces"
                  search={parseQuery(view.query) as never}
                  className={classes.link}
                  onClick={() => setOpened(false)}
                >
                  {view.name}
                </Link>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size={24}
                  aria-label={t('savedViews.remove', { name: view.name })}
                  onClick={() => keep(withoutView(views, view.name))}
                >
                  <IconTrash size={14} />
                </ActionIcon>
              </li>
            ))}
          </ul>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
