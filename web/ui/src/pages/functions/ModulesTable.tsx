import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { InitModule } from '../../api/functions';
import { type Column, DataTable } from '../../components/DataTable';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import own from './ColdStarts.module.css';
import { Duration } from './cells';
import classes from './functions.module.css';

type Props = { rows: readonly InitModule[]; sort: string; onSort: (sort: string) => void };

const KINDS = ['core', 'dep', 'user'] as const;

/** What the modules that were loaded during a start cost. */
export function ModulesTable({ rows, sort, onSort }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent } = useFigures();
  const columns = useMemo((): Column<InitModule>[] => {
    const all = Math.max(
      1,
      rows.reduce((sum, row) => sum + row.selfNs, 0),
    );
    return [
      {
        id: 'name',
        label: t('fn.module'),
        value: (row) => row.name,
        render: (row) => (
          <span className={`${classes.clip} ${classes.mono}`} title={row.name}>
            {row.name} {row.version && <span className={classes.dim}>{row.version}</span>}
          </span>
        ),
      },
      {
        id: 'kind',
        label: t('fn.kind'),
        value: (row) => row.kind ?? '',
        render: (row) => {
          const kind = KINDS.find((one) => one === row.kind);
          return kind ? t(`fn.moduleKind.${kind}`) : (row.kind ?? '–');
        },
      },
      {
        id: 'self',
        label: t('fn.self'),
        numeric: true,
        value: (row) => row.selfNs,
        render: (row) => <Duration ns={row.selfNs} />,
      },
      {
        id: 'share',
        label: t('fn.share'),
        numeric: true,
        render: (row) => (
          <span className={own.share}>
            <span className={own.meter} aria-hidden="true">
              <span className={own.level} style={{ width: `${(row.selfNs / all) * 100}%` }} />
            </span>
            {percent(row.selfNs / all)}
          </span>
        ),
      },
      {
        id: 'total',
        label: t('fn.withChildren'),
        numeric: true,
        value: (row) => row.totalNs,
        render: (row) => <Duration ns={row.totalNs} />,
      },
      {
        id: 'max',
        label: t('fn.worstSelf'),
        numeric: true,
        value: (row) => row.maxSelfNs,
        render: (row) => <Duration ns={row.maxSelfNs} />,
      },
      {
        id: 'allocated',
        label: t('fn.allocated'),
        numeric: true,
        value: (row) => row.allocBytes ?? 0,
        render: (row) => (row.allocBytes === undefined ? '–' : format.bytes(row.allocBytes)),
      },
      {
        id: 'starts',
        label: t('fn.inStarts'),
        numeric: true,
        value: (row) => row.starts,
        render: (row) => format.count(row.starts),
      },
    ];
  }, [t, format, percent, rows]);
  return (
    <div className={own.tall}>
      <DataTable
        label={t('fn.modules')}
        rows={rows}
        columns={columns}
        rowId={(row) => `${row.kind} ${row.name} ${row.version}`}
        sort={sort}
        onSort={onSort}
      />
    </div>
  );
}
