import { Title } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { IgnoredNote } from '../../components/IgnoredNote';
import { useView } from '../../components/use-view';
import { TRACE } from '../../lib/trace-view';
import type { OpenedFile } from '../../trace-file/read';
import { OpenTrace } from '../trace/OpenTrace';
import { type FileSource, SourceContext } from '../trace/source';
import tracePage from '../trace/TracePage.module.css';
import classes from './FilePage.module.css';
import { FilePicker } from './FilePicker';
import { useOpenedFile } from './opened';

const route = getRouteApi('/file/$traceId');

// The server knows nothing of the file, and another trace may have the same id there: it is not asked.
const nobody = new QueryClient({ defaultOptions: { queries: { enabled: false } } });

/** A trace of the opened file, on the trace page; a place to choose the file where the page has forgotten it. */
export function FileTracePage() {
  const { traceId } = route.useParams();
  const file = useOpenedFile();
  const { ignored } = useView(TRACE);
  const source = useMemo(() => file && sourceOf(file), [file]);
  const trace = file?.traces.get(traceId);
  if (!trace || !source) return <Forgotten traceId={traceId} />;
  return (
    <div className={tracePage.page}>
      <IgnoredNote ignored={ignored} />
      <QueryClientProvider client={nobody}>
        <SourceContext.Provider value={source}>
          <OpenTrace key={traceId} model={trace.model} reload={() => {}} reloading={false} />
        </SourceContext.Provider>
      </QueryClientProvider>
    </div>
  );
}

const sourceOf = (file: OpenedFile): FileSource => ({
  name: file.name,
  span: (traceId, spanId) => file.traces.get(traceId)?.spans.get(spanId),
  has: (traceId) => file.traces.has(traceId),
});

function Forgotten({ traceId }: { traceId: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <div className={classes.page}>
      <Title order={1} size="h3">
        {t('file.again')}
      </Title>
      <p className={classes.hint}>{t('file.againHint')}</p>
      <code>{traceId}</code>
      <FilePicker
        onOpen={(file) => {
          // The address keeps what was selected in the trace; a file without it shows what it has.
          if (!file.traces.has(traceId)) void navigate({ to: '/file' });
        }}
      />
    </div>
  );
}
