import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import { renderAt } from '../test/render';
import { ErrorState } from './ErrorState';

it('names the fault and the request, and tries again', async () => {
  const retry = vi.fn();
  const error = new ApiError(
    503,
    { title: 'Unavailable', detail: 'search traces: unavailable', requestId: '7f3a' },
    '/api/v1/traces',
  );
  await renderAt(<ErrorState error={error} retry={retry} />);
  expect(screen.getByText('search traces: unavailable')).toBeTruthy();
  expect(screen.getByText('Request 7f3a')).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(retry).toHaveBeenCalledOnce();
});

it('copies what a report needs', async () => {
  const written = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
  await renderAt(<ErrorState error={new ApiError(500, { requestId: 'r' }, '/x')} retry={() => {}} />);
  await userEvent.click(screen.getByRole('button', { name: 'Copy details' }));
  expect(JSON.parse(written.mock.calls[0]?.[0] ?? '{}')).toEqual({ url: '/x', status: 500, requestId: 'r' });
  expect(await screen.findByRole('button', { name: 'Copied' })).toBeTruthy();
});

it('says when nobody answers', async () => {
  await renderAt(<ErrorState error={new ApiError(0, {}, '/x')} retry={() => {}} />, { language: 'zh-CN' });
  expect(screen.getByText('服务器没有响应。')).toBeTruthy();
});
