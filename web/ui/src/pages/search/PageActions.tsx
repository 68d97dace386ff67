import { Button } from '@mantine/core';
import { IconFileImport, IconTopologyStar3 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { SearchRequest } from '../../api/client';
import { filtersOf, hasFilters, type TraceSearch } from '../../lib/trace-search';
import { writeQuery } from '../../lib/url';
import { Export } from './Export';
import { SavedViews } from './SavedViews';

type Props = { search: TraceSearch; selection: SearchRequest; clear: () => void };

/** What one may do with the whole result. */
export function PageActions({ search, selection, clear }: Props) {
  const { t } = useTranslation();
  const { from, to, live } = search;
  return (
    <>
      {hasFilters(search) && (
        <Button size="compact-sm" variant="subtle" onClick={clear}>
          {t('search.clear')}
        </Button>
      )}
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconTopologyStar3 size={14} />}
        renderRoot={(props: Record<string, unknown>) => (
          <Link {...props} to="/map" search={{ ...filtersOf(search), from, to, live } as never} />
        )}
      >
        {t('search.toMap')}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<IconFileImport size={14} />}
        renderRoot={(props: Record<string, unknown>) => <Link {...props} to="/file" />}
      >
        {t('file.open')}
      </Button>
      <SavedViews />
      <Export key={writeQuery(selection)} request={selection} />
    </>
  );
}
