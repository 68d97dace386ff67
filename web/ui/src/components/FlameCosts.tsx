import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { costs, type Flame, type FunctionCost } from '../lib/flame';
import { type Column, DataTable } from './DataTable';
import { useFlameValue } from './FlameGraph';
import classes from './FlameGraph.module.css';
import { useFigures } from './use-figures';
import { useFormats } from './use-formats';

// The rest costs next to nothing, and the drawing has it.
const SHOWN = 100;

// Longer folder names are hashes, which push the file's own name out.
const LONGEST_FOLDER = 32;

/** A file with the folder that it is in, when that says something. */
function shortFile(path: string): string {
  const [file = '', folder = ''] = path.split('/').reverse();
  return folder !== '' && folder.length <= LONGEST_FOLDER ? `${folder}/${file}` : file;
}

/** A flame graph in words: every function by what it costs itself, and with what it calls. */
export function FlameCosts({
  flame,
  unit,
  onRow,
}: {
  flame: Flame;
  unit: string;
  onRow: (row: number) => void;
}) {
  const { t } = useTranslation();
  const format = useFormats();
  const { percent } = useFigures();
  const value = useFlameValue(unit);
  const [sort, setSort] = useState('-self');
  const all = useMemo(() => costs(flame), [flame]);
  const rows = all.slice(0, SHOWN);
  const whole = flame.value[0] || 1;
  const columns: Column<FunctionCost>[] = [
    {
      id: 'name',
      label: t('cpuProfile.function'),
      value: (row) => row.name,
      render: (row) => (
        <button
          type="button"
          className={classes.function}
          title={t('cpuProfile.zoomTo', { name: row.name })}
          onClick={() => onRow(row.row)}
        >
          {row.name}
        </button>
      ),
    },
    {
      id: 'self',
      label: t('cpuProfile.self'),
      numeric: true,
      value: (row) => row.self,
      render: (row) => `${value(row.self)} · ${percent(row.self / whole)}`,
    },
    {
      id: 'total',
      label: t('cpuProfile.total'),
      numeric: true,
      value: (row) => row.total,
      render: (row) => `${value(row.total)} · ${percent(row.total / whole)}`,
    },
    {
      id: 'file',
      label: t('cpuProfile.file'),
      value: (row) => row.file,
      render: (row) => (
        <span className={classes.mono} title={row.file}>
          {shortFile(row.file) || '–'}
        </span>
      ),
    },
  ];
  return (
    <div className={classes.cost}>
      <DataTable
        label={t('cpuProfile.table')}
        rows={rows}
        columns={columns}
        rowId={(row) => `${row.file}\n${row.name}`}
        sort={sort}
        onSort={setSort}
      />
      {all.length > rows.length && (
        <p className={classes.line}>
          {t('cpuProfile.first', { shown: format.count(rows.length), total: format.count(all.length) })}
        </p>
      )}
    </div>
  );
}
