import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { FunctionStats } from '../../api/functions';
import { nodeId, useOperationStats, useTopology } from '../../api/services';
import { Panel } from '../../components/Panel';
import { Empty, Result } from '../../components/Result';
import { useRange } from '../../components/use-range';
import type { Trend } from './FunctionsTable';
import { type ServiceRow, ServicesTable } from './ServicesTable';

type Props = {
  q: string;
  functions: readonly FunctionStats[];
  trends: ReadonlyMap<string, Trend>;
  sort: string;
  onSort: (sort: string) => void;
};

/** What is on the map and no function, and services that have spans but no part in a call. */
export function OtherServices({ q, functions, trends, sort, onSort }: Props) {
  const { t } = useTranslation();
  const range = useRange();
  const topology = useTopology(range);
  const services = useOperationStats(range, '');
  const rows = useMemo(() => {
    const nodes = topology.data?.nodes ?? [];
    const known = new Set([...functions.map(({ name }) => name), ...nodes.map(({ name }) => name)]);
    const alone = (services.data?.operations ?? [])
      .filter(({ service }) => !known.has(service))
      .map(
        (one): ServiceRow => ({
          ...one,
          id: nodeId('service', one.service),
          kind: 'service',
          name: one.service,
        }),
      );
    const others: ServiceRow[] = nodes.filter(({ kind }) => kind !== 'function' && kind !== 'user');
    return [...others, ...alone].filter(({ name }) => name.toLowerCase().includes(q.toLowerCase()));
  }, [topology.data, services.data, functions, q]);
  const { fromNs = '0', toNs = '0' } = topology.data ?? {};
  return (
    <Panel title={t('fn.services')}>
      <Result
        query={topology}
        height={160}
        isEmpty={() => rows.length === 0}
        empty={<Empty title={q === '' ? t('fn.noServices') : t('fn.noneLike', { q })} />}
      >
        {() => (
          <ServicesTable
            rows={rows}
            seconds={Math.max(1, (Number(toNs) - Number(fromNs)) / 1e9)}
            trends={trends}
            sort={sort}
            onSort={onSort}
          />
        )}
      </Result>
    </Panel>
  );
}
