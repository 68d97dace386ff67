import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { renderAt } from '../test/render';
import { type Column, DataTable } from './DataTable';

const columns: Column<{ n: number }>[] = [
  { id: 'n', label: 'n', numeric: true, value: (row) => row.n, render: (row) => row.n },
];

it('shows the first rows of its order, and says how many there are', async () => {
  const rows = Array.from({ length: 40 }, (_, n) => ({ n }));
  await renderAt(
    <DataTable
      label="numbers"
      rows={rows}
      columns={columns}
      rowId={(row) => String(row.n)}
      sort="-n"
      onSort={() => {}}
      most={3}
    />,
  );
  expect((await screen.findAllByRole('cell')).map((cell) => cell.textContent)).toEqual(['39', '38', '37']);
  expect(screen.getByText(/The first 3 of 40 rows/)).toBeTruthy();
});
