import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { type TopologyNode, useOperationSeries, useOperationStats } from '../../api/services';
import { type Figure, Figures } from '../../components/Figures';
import { Empty, Result } from '../../components/Result';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { useRange } from '../../components/use-range';
import { resolveRange } from '../../lib/range';
import classes from '../functions/functions.module.css';
import { NodeCharts, ServiceCharts } from './charts';
import { OperationsTable } from './OperationsTable';

type Props = {
  name: string;
  id: string;
  node: TopologyNode | undefined;
  /** It has spans of its own; what a database or host did is known from its callers only. */
  own: boolean;
  sort: string;
  onSort: (sort: string) => void;
};

export function ServiceOverview({ name, id, node, own, sort, onSort }: Props) {
  const range = useRange();
  const series = useOperationSeries(range, name, own);
  const stats = useOperationStats(range, own ? name : '');
  const { t } = useTranslation();
  const nothing = !node && (!own || (stats.data !== undefined && stats.data.operations.length === 0));
  if (nothing)
    return (
      <Empty title={t('fn.noSuch', { name })}>
        <span>{t('fn.noSuchHint')}</span>
        <Button size="xs" variant="default" onClick={() => range.set({ from: 'now-24h', to: 'now' })}>
          {t('fn.widen')}
        </Button>
      </Empty>
    );
  return (
    <div className={classes.stack}>
      {node && <NodeFigures node={node} />}
      {own ? (
        <>
          <Result query={series} height={340}>
            {(data) => <ServiceCharts name={name} points={data.points} />}
          </Result>
          <OperationsTable service={name} sort={sort} onSort={onSort} />
        </>
      ) : (
        <NodeCharts id={id} />
      )}
    </div>
  );
}

function NodeFigures({ node }: { node: TopologyNode }) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent, rate } = useFigures();
  const { range } = useRange();
  const { fromMs, toMs } = resolveRange(range, Date.now());
  const figures: Figure[] = [
    { label: t('fn.calls'), value: format.count(node.calls) },
    { label: t('fn.rate'), value: rate(node.calls / Math.max(1, (toMs - fromMs) / 1000)) },
    { label: t('fn.errors'), value: format.count(node.errors), bad: node.errors > 0 },
    { label: t('fn.errorRate'), value: percent(node.errorRate), bad: node.health !== 'ok' },
    { label: 'p50', value: format.duration(node.p50Ns) },
    { label: 'p95', value: format.duration(node.p95Ns) },
    { label: 'p99', value: format.duration(node.p99Ns) },
    { label: t('fn.health'), value: t(`fn.healthOf.${node.health}`), bad: node.health === 'bad' },
  ];
  return <Figures figures={figures} />;
}
