import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type ColdStarts,
  SAMPLE,
  useColdStarts,
  useFunction,
  useInvocationSample,
} from '../../api/functions';
import { Bars } from '../../components/Bars';
import { type Figure, Figures } from '../../components/Figures';
import { Panel } from '../../components/Panel';
import { Empty, Result } from '../../components/Result';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import type { Change } from '../../components/use-view';
import { binDurations } from '../../lib/bins';
import { ColdByVersion } from './ColdByVersion';
import classes from './functions.module.css';
import { InvocationsTable } from './InvocationsTable';
import { ModulesTable } from './ModulesTable';
import { PhaseStack } from './PhaseStack';
import type { FUNCTION, FunctionState } from './view';

type Props = { name: string; state: FunctionState; replace: Change<typeof FUNCTION> };

/** How many invocations waited for a new instance, how long, and what the wait was made of. */
export function ColdStartsTab({ name, state, replace }: Props) {
  const { t } = useTranslation();
  const cold = useColdStarts(name, useRange(), state.version);
  return (
    <Result
      query={cold}
      height={420}
      isEmpty={(data) => data.coldStarts === 0 && data.inits.ready === 0 && data.inits.failed === 0}
      empty={<Empty title={t('fn.noCold')} />}
    >
      {(data) => (
        <div className={classes.stack}>
          <Summary data={data} />
          <Panel title={t('fn.phases')} note={data.sampled > 0 && t('fn.phasesHint', { n: data.sampled })}>
            {data.phases.length > 0 ? <PhaseStack data={data} /> : <Empty title={t('fn.noPhases')} />}
          </Panel>
          <div className={classes.two}>
            <Histogram name={name} version={state.version} />
            <ColdByVersionPanel name={name} />
          </div>
          <Panel title={t('fn.modules')} note={data.sampled > 0 && t('fn.modulesHint', { n: data.sampled })}>
            {data.modules.length > 0 ? (
              <ModulesTable
                rows={data.modules}
                sort={state.sort ?? '-self'}
                onSort={(sort) => replace({ sort: sort === '-self' ? undefined : sort })}
              />
            ) : (
              <Empty title={t('fn.noModules')} />
            )}
          </Panel>
          {data.worst.length > 0 && (
            <Panel title={t('fn.worst')}>
              <InvocationsTable
                label={t('fn.worst')}
                rows={data.worst}
                sort="-coldStartNs"
                onSort={() => undefined}
              />
            </Panel>
          )}
        </div>
      )}
    </Result>
  );
}

function Summary({ data }: { data: ColdStarts }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent } = useFigures();
  const orDash = (known: boolean, ns: number) => (known ? format.duration(ns) : '–');
  const figures: Figure[] = [
    { label: t('fn.coldStarts'), value: format.count(data.coldStarts) },
    { label: t('fn.cold'), value: percent(data.share) },
    { label: t('fn.waitP50'), value: orDash(data.coldStarts > 0, data.wait.p50Ns) },
    { label: t('fn.waitP95'), value: orDash(data.coldStarts > 0, data.wait.p95Ns) },
    { label: t('fn.waitP99'), value: orDash(data.coldStarts > 0, data.wait.p99Ns) },
    { label: t('fn.initsReady'), value: format.count(data.inits.ready) },
    { label: t('fn.initsFailed'), value: format.count(data.inits.failed), bad: data.inits.failed > 0 },
    { label: t('fn.initP50'), value: orDash(data.inits.ready > 0, data.inits.p50Ns) },
    { label: t('fn.initP95'), value: orDash(data.inits.ready > 0, data.inits.p95Ns) },
  ];
  return <Figures figures={figures} />;
}

function Histogram({ name, version }: { name: string; version: string | undefined }) {
  const { t } = useTranslation();
  const format = useFormats();
  const sample = useInvocationSample(name, useRange(), {
    cold: true,
    ...(version && { version: [version] }),
  });
  const bins = useMemo(
    () => binDurations(sample.data?.invocations.map(({ coldStartNs }) => coldStartNs) ?? []),
    [sample.data],
  );
  return (
    <Panel
      title={t('fn.histogram')}
      note={sample.data?.nextCursor && t('fn.newest', { n: format.count(SAMPLE) })}
    >
      <Result
        query={sample}
        height={170}
        isEmpty={() => bins.length === 0}
        empty={<Empty title={t('fn.noCold')} />}
      >
        {() => (
          <Bars
            label={t('fn.histogram')}
            bars={bins.map(({ fromNs, toNs, count }) => ({
              from: format.duration(fromNs),
              to: format.duration(toNs),
              value: count,
              label: t('fn.histogramLabel', {
                n: format.count(count),
                from: format.duration(fromNs),
                to: format.duration(toNs),
              }),
            }))}
          />
        )}
      </Result>
    </Panel>
  );
}

function ColdByVersionPanel({ name }: { name: string }) {
  const { t } = useTranslation();
  const range = useRange();
  const detail = useFunction(name, range);
  const sample = useInvocationSample(name, range, { cold: true });
  return (
    <Panel title={t('fn.byVersion')}>
      <Result query={detail} height={170} isEmpty={(data) => data.versions.length === 0}>
        {(data) => <ColdByVersion versions={data.versions} cold={sample.data?.invocations ?? []} />}
      </Result>
    </Panel>
  );
}
