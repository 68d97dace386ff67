import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, expect, it, vi } from 'vitest';
import { renderAt, serve } from '../../test/render';
import { Conditions } from './Conditions';

beforeEach(() => {
  serve({
    'GET /api/v1/attributes': { attributes: [{ key: 'http.route', type: 'string', scope: 'span' }] },
    'GET /api/v1/attributes/http.route/values': { values: ['/cart', '/checkout'] },
  });
});

// Pasted, not typed: a field that asks the server while it is filled takes its time for every key.
const fill = async (label: string, text: string) => {
  await userEvent.click(screen.getByRole('combobox', { name: label }));
  await userEvent.paste(text);
};

it('adds a condition with a quoted value', async () => {
  const update = vi.fn();
  await renderAt(<Conditions search={{ attr: ['a=1'] }} update={update} />);
  await fill('Attribute', 'http.route');
  await fill('Value', ' /cart');
  await userEvent.click(screen.getByRole('button', { name: 'Add condition' }));
  expect(update).toHaveBeenCalledWith({ attr: ['a=1', 'http.route=" /cart"'] });
});

it('takes a whole condition as it is typed', async () => {
  const update = vi.fn();
  await renderAt(<Conditions search={{}} update={update} />);
  await fill('Attribute', 'http.response.status_code>=500');
  await userEvent.keyboard('{Enter}');
  expect(update).toHaveBeenCalledWith({ attr: ['http.response.status_code>=500'] });
});

it('wants a name, and a number where numbers are compared', async () => {
  const update = vi.fn();
  await renderAt(<Conditions search={{}} update={update} />);
  await userEvent.click(screen.getByRole('button', { name: 'Add condition' }));
  expect(screen.getByText('Name an attribute.')).toBeTruthy();
  await fill('Attribute', 'http.route');
  await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Comparison' }), '>');
  await fill('Value', 'many');
  await userEvent.click(screen.getByRole('button', { name: 'Add condition' }));
  expect(screen.getByText('This comparison needs a number.')).toBeTruthy();
  expect(update).not.toHaveBeenCalled();
});

it('asks for no value when the key alone decides', async () => {
  const update = vi.fn();
  await renderAt(<Conditions search={{}} update={update} />);
  await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Comparison' }), 'missing');
  expect(screen.queryByRole('combobox', { name: 'Value' })).toBeNull();
  await fill('Attribute', 'db.system.name');
  await userEvent.keyboard('{Enter}');
  expect(update).toHaveBeenCalledWith({ attr: ['!db.system.name'] });
});

it('names and removes what holds', async () => {
  const update = vi.fn();
  await renderAt(<Conditions search={{ attr: ['n>=5', '!k'] }} update={update} />, { language: 'zh-CN' });
  await userEvent.click(screen.getByRole('button', { name: '移除条件 k 不存在' }));
  expect(update).toHaveBeenCalledWith({ attr: ['n>=5'] });
});
