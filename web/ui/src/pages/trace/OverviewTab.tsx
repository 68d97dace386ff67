import { Anchor } from '@mantine/core';
import { IconAlertTriangleFilled } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { SpanDetail } from '../../api/client';
import { CopyButton } from '../../components/CopyButton';
import { useFormats } from '../../components/use-formats';
import type { TraceModel } from '../../trace/model';
import { parseInstant, since } from '../../units';
import { ExceptionBox } from './ExceptionBox';
import { LongText } from './LongText';
import { Rank } from './Rank';
import classes from './SpanPanel.module.css';
import { StatementBox } from './StatementBox';
import { exceptionsOf, statementOf } from './span-facts';

type Props = { span: SpanDetail; model: TraceModel; onSelect: (spanId: string) => void };

const CATEGORIES = ['server', 'client', 'db', 'messaging', 'faas', 'internal'] as const;

export function OverviewTab({ span, model, onSelect }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const start = parseInstant(span.startNs);
  const exceptions = exceptionsOf(span);
  const statement = statementOf(span);
  const category = CATEGORIES.find((c) => c === span.category);
  const row = model.rowOf.get(span.spanId);
  const share = span.durationNs / Math.max(1, model.durationNs);
  return (
    <>
      {span.status === 'error' && exceptions.length === 0 && (
        <section className={classes.error}>
          <h3>
            <IconAlertTriangleFilled size={14} aria-hidden="true" />{' '}
            {span.error?.type || t('span.errorTitle')}
          </h3>
          {(span.error?.message || span.statusMessage) && (
            <LongText text={span.error?.message || span.statusMessage} />
          )}
        </section>
      )}
      {exceptions.map((one) => (
        <ExceptionBox key={`${one.timeNs} ${one.type}`} exception={one} />
      ))}
      {statement && <StatementBox key={span.spanId} span={span} statement={statement} />}
      <Rank span={span} />
      <dl className={classes.facts}>
        <Fact label={t('span.duration')}>{format.duration(span.durationNs)}</Fact>
        {row !== undefined && (
          <Fact label={t('spanMore.selfTime')}>{format.duration(model.self.total[row] ?? 0)}</Fact>
        )}
        <Fact label={t('span.self')}>
          {share.toLocaleString(format.language, { style: 'percent', maximumSignificantDigits: 3 })}
        </Fact>
        <Fact label={t('span.offset')}>{format.duration(since(start, model.startNs))}</Fact>
        <Fact label={t('span.start')}>{format.instant(start)}</Fact>
        <Fact label={t('span.kind')}>{t(`kind.${span.kind}`)}</Fact>
        <Fact label={t('span.status')}>{t(`status.${span.status}`)}</Fact>
        {category && <Fact label={t('span.category')}>{t(`category.${category}`)}</Fact>}
        {span.peer && <Fact label={t('span.peer')}>{span.peer}</Fact>}
        {span.statusMessage && span.status !== 'error' && (
          <Fact label={t('span.message')}>{span.statusMessage}</Fact>
        )}
        <Fact label={t('span.spanId')}>
          <code>{span.spanId}</code>
          <CopyButton text={span.spanId} label={`${t('state.copy')}: ${t('span.spanId')}`} />
        </Fact>
        {span.parentSpanId && <Parent id={span.parentSpanId} model={model} onSelect={onSelect} />}
        {span.scope.name && (
          <Fact label={t('span.scope')}>
            {span.scope.name} {span.scope.version}
          </Fact>
        )}
        {span.traceState && <Fact label={t('span.traceState')}>{span.traceState}</Fact>}
      </dl>
    </>
  );
}

function Parent({
  id,
  model,
  onSelect,
}: {
  id: string;
  model: TraceModel;
  onSelect: (spanId: string) => void;
}) {
  const { t } = useTranslation();
  const row = model.rowOf.get(id);
  return (
    <Fact label={t('span.parentId')}>
      {row === undefined ? (
        <>
          <code>{id}</code> · {t('waterfall.orphanRow')}
        </>
      ) : (
        <Anchor component="button" type="button" size="sm" onClick={() => onSelect(id)}>
          {model.names[model.name[row] ?? -1] || t('trace.unnamed')}
        </Anchor>
      )}
    </Fact>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
