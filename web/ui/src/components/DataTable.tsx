import { IconArrowDown, IconArrowUp, IconSelector } from '@tabler/icons-react';
import {
  type ColumnDef,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_basic,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { spelled } from '../lib/view';
import classes from './DataTable.module.css';

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { basic: sortFn_basic },
});

/** How a table is sorted, as an address has it: "errors", or "-errors" for the largest first. */
export const sortField = spelled((text) => (/^-?[a-z][a-zA-Z0-9]*$/.test(text) ? text : undefined));

export type Column<T> = {
  id: string;
  label: string;
  /** What it is sorted by; without it the column is not. */
  value?: (row: T) => string | number;
  render: (row: T) => ReactNode;
  /** Numbers stand on the right, and are sorted from the largest down at first. */
  numeric?: boolean;
  width?: string;
};

type Props<T> = {
  label: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  rowId: (row: T) => string;
  sort: string;
  onSort: (sort: string) => void;
  /** Marks a row as the one that is chosen. */
  selected?: string | undefined;
  /** How many rows are shown at most; below them it is said how many there are. */
  most?: number;
};

/** A table of some hundred rows that sorts by any column; its heads are buttons. */
export function DataTable<T extends object>({
  label,
  rows,
  columns,
  rowId,
  sort,
  onSort,
  selected,
  most = Number.POSITIVE_INFINITY,
}: Props<T>) {
  const { t } = useTranslation();
  const definitions = useMemo(
    () =>
      columns.map(
        (column): ColumnDef<typeof features, T> => ({
          id: column.id,
          accessorFn: (row) => column.value?.(row) ?? '',
          sortFn: 'basic',
          enableSorting: column.value !== undefined,
        }),
      ),
    [columns],
  );
  const id = sort.replace(/^-/, '');
  const table = useTable({
    features,
    columns: definitions,
    data: rows as T[],
    getRowId: rowId,
    // A table whose order is its own, as of phases that follow each other, is sorted by nothing.
    state: { sorting: id === '' ? [] : [{ id, desc: sort.startsWith('-') }] },
  });
  return (
    <div className={classes.scroll}>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => {
              const active = column.id === id;
              const desc = sort.startsWith('-');
              return (
                <th
                  key={column.id}
                  scope="col"
                  data-numeric={column.numeric || undefined}
                  style={{ width: column.width }}
                  {...(active && { 'aria-sort': desc ? 'descending' : 'ascending' })}
                >
                  {column.value ? (
                    <button
                      type="button"
                      className={classes.head}
                      title={t('table.sortBy', { column: column.label })}
                      onClick={() => onSort(next(column.id, sort, column.numeric === true))}
                    >
                      {column.label}
                      {!active && <IconSelector size={13} aria-hidden="true" />}
                      {active &&
                        (desc ? (
                          <IconArrowDown size={13} aria-hidden="true" />
                        ) : (
                          <IconArrowUp size={13} aria-hidden="true" />
                        ))}
                    </button>
                  ) : (
                    column.label
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {table
            .getRowModel()
            .rows.slice(0, most)
            .map((row) => (
              <tr key={row.id} aria-current={row.id === selected || undefined}>
                {columns.map((column) => (
                  <td key={column.id} data-numeric={column.numeric || undefined}>
                    {column.render(row.original)}
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
      {rows.length > most && (
        <p className={classes.rest}>{t('table.rest', { count: most, all: rows.length })}</p>
      )}
    </div>
  );
}

/** Pressing the head of the sorted column turns it round. */
function next(id: string, sort: string, numeric: boolean): string {
  if (sort === id) return `-${id}`;
  if (sort === `-${id}`) return id;
  return numeric ? `-${id}` : id;
}
