import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';
import { renderAt, serve } from '../../test/render';
import { EmptyResult } from './EmptyResult';

beforeEach(() => {
  serve({
    'GET /api/v1/stats': {
      signals: [
        {
          signal: 'traces',
          rows: 12,
          bytes: 1,
          oldestNs: '1700000000000000000',
          newestNs: '1700000100000000000',
        },
      ],
    },
  });
});

it('names every filter and lifts the one that is chosen', async () => {
  const update = vi.fn();
  const search = { service: 'cart', attr: ['n>=5', 'k'], errors: true, minTraceDuration: '1s' };
  await renderAt(<EmptyResult search={search} update={update} />);
  for (const label of [
    'Service = cart',
    'n ≥ 5',
    'k exists',
    'Trace duration ≥ 1s',
    'Only traces with errors',
  ]) {
    expect(screen.getByRole('button', { name: `Remove ${label}` })).toBeTruthy();
  }
  await userEvent.click(screen.getByRole('button', { name: 'Remove n ≥ 5' }));
  expect(update).toHaveBeenLastCalledWith({ attr: ['k'] });
  await userEvent.click(screen.getByRole('button', { name: 'Look at the last 24 hours' }));
  expect(update).toHaveBeenLastCalledWith({ from: 'now-24h', to: undefined });
});

it('offers the time that holds data', async () => {
  const update = vi.fn();
  await renderAt(<EmptyResult search={{}} update={update} />);
  await userEvent.click(await screen.findByRole('button', { name: 'Show that time' }));
  expect(update).toHaveBeenCalledWith({ from: '2023-11-14T21:15:00.000Z', to: '2023-11-14T22:15:01.000Z' });
});
