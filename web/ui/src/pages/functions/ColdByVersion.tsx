import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Invocation, VersionRuns } from '../../api/functions';
import { DataTable } from '../../components/DataTable';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import { quantile } from '../../lib/bins';
import { Duration } from './cells';

/** Cold starts by version. The waits are those of cold, the newest cold invocations. */
export function ColdByVersion({
  versions,
  cold,
}: {
  versions: readonly VersionRuns[];
  cold: readonly Invocation[];
}) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent } = useFigures();
  // A small table beside others, whose order is no part of what one shows to somebody else.
  const [sort, setSort] = useState('-coldStarts');
  const rows = useMemo(
    () =>
      versions.map((version) => {
        const waits = cold.filter((one) => one.version === version.version).map((one) => one.coldStartNs);
        return { ...version, waitP50: quantile(waits, 0.5), waitP95: quantile(waits, 0.95) };
      }),
    [versions, cold],
  );
  return (
    <DataTable
      label={t('fn.byVersion')}
      rows={rows}
      rowId={(row) => row.version}
      sort={sort}
      onSort={setSort}
      columns={[
        { id: 'version', label: t('fn.version'), value: (row) => row.version, render: (row) => row.version },
        {
          id: 'coldStarts',
          label: t('fn.coldStarts'),
          numeric: true,
          value: (row) => row.coldStarts,
          render: (row) => format.count(row.coldStarts),
        },
        {
          id: 'cold',
          label: t('fn.cold'),
          numeric: true,
          value: (row) => row.coldShare,
          render: (row) => percent(row.coldShare),
        },
        {
          id: 'waitP50',
          label: t('fn.waitP50'),
          numeric: true,
          value: (row) => row.waitP50,
          render: (row) => <Duration ns={row.waitP50} />,
        },
        {
          id: 'waitP95',
          label: t('fn.waitP95'),
          numeric: true,
          value: (row) => row.waitP95,
          render: (row) => <Duration ns={row.waitP95} />,
        },
      ]}
    />
  );
}
