import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';
import { renderAt, serve } from '../../test/render';
import { QueryBar } from './QueryBar';

beforeEach(() => {
  serve({
    'GET /api/v1/attributes': { attributes: [{ key: 'http.route', type: 'string', scope: 'span' }] },
    'GET /api/v1/attributes/http.route/values': { values: ['/cart', '/checkout'] },
    'GET /api/v1/services': { services: ['cart'] },
    'GET /api/v1/operations': { operations: [] },
  });
});

const field = () => screen.getByRole('combobox', { name: 'Add a condition' });

// Pasted, not typed: a field that asks the server while it is filled takes its time for every key.
const fill = async (text: string) => {
  await userEvent.click(field());
  await userEvent.paste(text);
};

it('takes a whole condition as it is typed', async () => {
  const update = vi.fn();
  await renderAt(<QueryBar search={{ attr: ['a=1'] }} update={update} />);
  await fill('http.response.status_code>=500');
  await userEvent.keyboard('{Enter}');
  expect(update).toHaveBeenCalledWith({ attr: ['a=1', 'http.response.status_code>=500'] });
  expect((field() as HTMLInputElement).value).toBe('');
});

it('says what is wrong and keeps what was typed', async () => {
  const update = vi.fn();
  await renderAt(<QueryBar search={{}} update={update} />);
  await fill('n>many');
  await userEvent.keyboard('{Enter}');
  expect(screen.getByRole('alert').textContent).toMatch(/needs a number/);
  expect((field() as HTMLInputElement).value).toBe('n>many');
  expect(update).not.toHaveBeenCalled();
});

it('removes a condition by its button, and the last one by Backspace', async () => {
  const update = vi.fn();
  await renderAt(<QueryBar search={{ service: 'cart', attr: ['n>=5', '!k'] }} update={update} />, {
    language: 'zh-CN',
  });
  await userEvent.click(screen.getByRole('button', { name: '移除条件 n ≥ 5' }));
  expect(update).toHaveBeenLastCalledWith({ attr: ['!k'] });
  await userEvent.click(screen.getByRole('combobox', { name: '添加条件' }));
  await userEvent.keyboard('{Backspace}');
  expect(update).toHaveBeenLastCalledWith({ attr: ['n>=5'] });
});

it('offers values of a key, and adds the one that is chosen', async () => {
  const update = vi.fn();
  await renderAt(<QueryBar search={{}} update={update} />);
  await fill('http.route=');
  await userEvent.click(await screen.findByRole('option', { name: '/checkout', hidden: true }));
  expect(update).toHaveBeenCalledWith({ attr: ['http.route=/checkout'] });
});
