import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { beforeEach, expect, it, vi } from 'vitest';
import type { SpanDetail } from '../../api/client';
import type { PanelTab } from '../../lib/trace-view';
import { compactTrace } from '../../test/compact-trace';
import { renderAt, serve } from '../../test/render';
import { buildTrace } from '../../trace/model';
import { SpanPanel } from './SpanPanel';

const model = buildTrace(
  compactTrace([
    { id: '00000000000000aa', duration: 1000, name: 'GET /' },
    {
      id: '00000000000000bb',
      parent: '00000000000000aa',
      start: 100,
      duration: 250,
      name: 'SELECT',
      error: true,
    },
  ]),
);

const none = { hash: '1', schemaUrl: '', attributes: [], droppedAttributes: 0 };
const span: SpanDetail = {
  traceId: model.traceId,
  spanId: '00000000000000bb',
  parentSpanId: '00000000000000aa',
  traceState: '',
  flags: 1,
  name: 'SELECT',
  kind: 'client',
  startNs: '1700000000000000100',
  durationNs: 250,
  status: 'error',
  statusMessage: '',
  service: 'shop',
  category: 'db',
  peer: 'orders-db',
  error: { type: 'sql.ErrNoRows', message: 'no rows' },
  attributes: [
    { key: 'db.query.text', type: 'string', value: 'SELECT 1' },
    { key: 'db.response.rows', type: 'int', value: '9007199254740993' },
    { key: 'tags', type: 'json', value: '["a"]' },
    { key: 'long', type: 'string', value: 'x'.repeat(5000) },
  ],
  droppedAttributes: 2,
  resource: { ...none, attributes: [{ key: 'service.name', type: 'string', value: 'shop' }] },
  scope: { ...none, name: 'otelsql', version: '1' },
  events: [
    {
      timeNs: '1700000000000000200',
      name: 'exception',
      attributes: [{ key: 'exception.stacktrace', type: 'string', value: 'main.go:1' }],
      droppedAttributes: 0,
    },
  ],
  droppedEvents: 0,
  links: [{ traceId: 'cc', spanId: 'dd', traceState: '', flags: 1, attributes: [], droppedAttributes: 0 }],
  droppedLinks: 0,
  linkedFrom: [
    { traceId: 'ee', spanId: 'ff', startNs: '1700000000000000000', service: 'mailer', name: 'consume' },
  ],
  logs: [],
};

const select = vi.fn();

function Panel() {
  const [tab, setTab] = useState<PanelTab>('overview');
  return (
    <SpanPanel
      traceId={model.traceId}
      spanId={span.spanId}
      model={model}
      row={1}
      colours={new Map()}
      tab={tab}
      onTab={setTab}
      onClose={() => {}}
      onSelect={select}
    />
  );
}

beforeEach(() => {
  serve({
    [`GET /api/v1/traces/${model.traceId}/spans/${span.spanId}`]: span,
    'GET /api/v1/traces/cc/spans/dd': span,
  });
});

it('says why the span failed, what it asked and how long it took', async () => {
  await renderAt(<Panel />);
  expect(await screen.findByText('sql.ErrNoRows')).toBeTruthy();
  for (const text of ['no rows', 'main.go:1', '25%', 'orders-db', 'database']) {
    expect(screen.getByText(text), text).toBeTruthy();
  }
  const statement = screen.getByRole('region', { name: 'Database statement' });
  expect(statement.querySelector('pre')?.textContent).toBe('SELECT ?');
  await userEvent.click(screen.getByRole('switch', { name: 'Show values' }));
  expect(statement.querySelector('pre')?.textContent).toBe('SELECT 1');
  await userEvent.click(screen.getByRole('button', { name: 'GET /' }));
  expect(select).toHaveBeenCalledWith('00000000000000aa');
});

it('lists attributes by type, filters them, cuts long ones and leads to a search', async () => {
  await renderAt(<Panel />);
  await userEvent.click(await screen.findByRole('tab', { name: /Attributes/ }));
  expect(await screen.findByText('9007199254740993')).toBeTruthy();
  expect(screen.getByText('2 more were dropped by the client')).toBeTruthy();
  expect(screen.queryByText('x'.repeat(5000))).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Show all' }));
  expect(screen.getByText('x'.repeat(5000))).toBeTruthy();
  const link = screen.getByRole('link', { name: 'Find traces with this: db.query.text' });
  expect(decodeURIComponent(link.getAttribute('href') ?? '')).toBe('/traces?attr=db.query.text=SELECT+1');
  await userEvent.type(screen.getByLabelText('Filter attributes'), 'service');
  expect(screen.queryByText('db.query.text')).toBeNull();
  expect(screen.getByText('service.name')).toBeTruthy();
});

it('shows links in both directions', async () => {
  await renderAt(<Panel />);
  await userEvent.click(await screen.findByRole('tab', { name: /Links/ }));
  const to = await screen.findByRole('link', { name: 'shop: SELECT' });
  expect(to.getAttribute('href')).toBe('/trace/cc?s=dd');
  expect(screen.getByRole('link', { name: 'mailer: consume' }).getAttribute('href')).toBe('/trace/ee?s=ff');
});

it('says so when there is nothing', async () => {
  await renderAt(<Panel />, { language: 'zh-CN' });
  await userEvent.click(await screen.findByRole('tab', { name: '日志' }));
  expect(await screen.findByText('此 Span 内没有日志。')).toBeTruthy();
});
