import { ActionIcon, Skeleton, Stack, Tabs, Title } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { SpanDetail } from '../../api/client';
import { useTraceProfiles } from '../../api/trace';
import { CopyButton } from '../../components/CopyButton';
import { ErrorState } from '../../components/ErrorState';
import { ServiceName } from '../../components/ServiceName';
import { useFormats } from '../../components/use-formats';
import type { ServiceColour } from '../../lib/colour';
import { PANEL_TABS, type PanelTab } from '../../lib/trace-view';
import type { TraceModel } from '../../trace/model';
import { AttributesTab } from './AttributesTab';
import { EventsTab } from './EventsTab';
import { LinksTab } from './LinksTab';
import { LogsTab } from './LogsTab';
import { LongText } from './LongText';
import { OverviewTab } from './OverviewTab';
import classes from './SpanPanel.module.css';
import { SpanProfile } from './SpanProfile';
import { useFileSource } from './source';
import { RestContext, useRest, useSpanDetail } from './use-span-detail';

type Props = {
  traceId: string;
  spanId: string;
  model: TraceModel;
  row: number;
  colours: Map<string, ServiceColour>;
  tab: PanelTab;
  onTab: (tab: PanelTab) => void;
  onClose: () => void;
  onSelect: (spanId: string) => void;
};

/** Everything one span carries. It is asked for when the span is opened: the trace itself has only what is drawn. */
export function SpanPanel({ traceId, spanId, model, row, colours, tab, onTab, onClose, onSelect }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const span = useSpanDetail(traceId, spanId);
  const stored = useFileSource() === undefined;
  const profiles = useTraceProfiles(traceId, stored);
  const profiled = profiles.data?.some((one) => one.spanId === spanId) ?? false;
  // The tab stays for an address that has it: it says itself that there is no profile.
  const tabs = PANEL_TABS.filter((name) => name !== 'profile' || profiled || (stored && tab === 'profile'));
  const service = model.services[model.service[row] ?? -1] ?? '';
  const counts: Partial<Record<PanelTab, number>> = span.data
    ? {
        attributes: span.data.attributes.length,
        events: span.data.events.length,
        logs: span.data.logs.length,
        links: span.data.links.length + span.data.linkedFrom.length,
      }
    : {};
  return (
    <section
      className={classes.panel}
      aria-label={t('span.panel')}
      aria-busy={span.isFetching}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.nativeEvent.isComposing && !event.defaultPrevented) onClose();
      }}
    >
      <header className={classes.head}>
        <div className={classes.headText}>
          <ServiceName name={service} colour={colours.get(service)} />
          <Title order={2} className={classes.title}>
            {model.names[model.name[row] ?? -1] || t('trace.unnamed')}
          </Title>
        </div>
        <ActionIcon variant="subtle" color="gray" aria-label={t('span.close')} onClick={onClose}>
          <IconX size={17} />
        </ActionIcon>
      </header>
      <Tabs
        value={tabs.includes(tab) ? tab : 'overview'}
        onChange={(value) => onTab((PANEL_TABS.find((name) => name === value) ?? 'overview') as PanelTab)}
        className={classes.tabs ?? ''}
        keepMounted={false}
      >
        <Tabs.List className={classes.list ?? ''}>
          {tabs.map((name) => (
            <Tabs.Tab key={name} value={name} className={classes.tab ?? ''}>
              {t(`span.${name}`)}
              {(counts[name] ?? 0) > 0 && (
                <span className={classes.badge}>{format.count(counts[name] ?? 0)}</span>
              )}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {span.isError ? (
          <ErrorState error={span.error} retry={() => void span.refetch()} />
        ) : span.data ? (
          <RestContext.Provider value={span.rest}>
            {tabs.map((name) => (
              // The panels scroll, and what scrolls must be reachable by key.
              <Tabs.Panel key={name} value={name} className={classes.content ?? ''} tabIndex={0}>
                {span.data && <TabContent tab={name} span={span.data} model={model} onSelect={onSelect} />}
              </Tabs.Panel>
            ))}
          </RestContext.Provider>
        ) : (
          <Stack p="md" gap="xs" role="status" aria-label={t('state.loading')}>
            <Skeleton height={18} />
            <Skeleton height={18} />
            <Skeleton height={18} width="60%" />
          </Stack>
        )}
      </Tabs>
    </section>
  );
}

type ContentProps = {
  tab: PanelTab;
  span: SpanDetail;
  model: TraceModel;
  onSelect: (spanId: string) => void;
};

function TabContent({ tab, span, model, onSelect }: ContentProps): ReactNode {
  switch (tab) {
    case 'overview':
      return <OverviewTab span={span} model={model} onSelect={onSelect} />;
    case 'attributes':
      return <AttributesTab span={span} />;
    case 'events':
      return <EventsTab span={span} />;
    case 'logs':
      return <LogsTab span={span} />;
    case 'links':
      return <LinksTab span={span} />;
    case 'profile':
      return <SpanProfile key={span.spanId} span={span} />;
    case 'raw':
      return <RawTab span={span} />;
  }
}

// More in one text node freezes layout.
const MOST_RAW = 200_000;

/** The span as the API has it, with all of its values. */
function RawTab({ span }: { span: SpanDetail }) {
  const { t } = useTranslation();
  const { fetch } = useRest();
  useEffect(() => fetch(), [fetch]);
  const text = JSON.stringify(span, null, 2);
  return (
    <div className={classes.raw}>
      <span className={classes.corner}>
        <CopyButton text={text} label={t('state.copy')} />
      </span>
      {text.length > MOST_RAW ? <LongText text={text} code /> : <pre>{text}</pre>}
    </div>
  );
}
