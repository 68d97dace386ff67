import { expect, it } from 'vitest';
import type { Attribute, SpanDetail } from '../../api/client';
import { attributeDiff } from './attribute-diff';

const span = (attributes: [string, string, Attribute['type']?][], resource: [string, string][] = []) =>
  ({
    attributes: attributes.map(([key, value, type = 'string']) => ({ key, value, type })),
    resource: { attributes: resource.map(([key, value]) => ({ key, value, type: 'string' })) },
  }) as unknown as SpanDetail;

const told = (pairs: ReturnType<typeof attributeDiff>['differing']) =>
  pairs.map(({ of, key, a, b }) => `${of} ${key}: ${a?.value} ${b?.value}`);

it('tells what differs from what does not, and what only one has', () => {
  const a = span(
    [
      ['status', '200', 'int'],
      ['path', '/'],
      ['only.a', 'x'],
    ],
    [['version', '1']],
  );
  const b = span(
    [
      ['status', '200'],
      ['path', '/'],
      ['only.b', 'y'],
    ],
    [['version', '2']],
  );
  const { differing, same } = attributeDiff(a, b);
  expect(told(differing)).toEqual([
    'span only.a: x undefined',
    'span only.b: undefined y',
    // 200 as a number is not "200".
    'span status: 200 200',
    'resource version: 1 2',
  ]);
  expect(told(same)).toEqual(['span path: / /']);
});

it('takes a side that is not there', () => {
  expect(told(attributeDiff(undefined, span([['k', 'v']])).differing)).toEqual(['span k: undefined v']);
  expect(attributeDiff(undefined, undefined)).toEqual({ differing: [], same: [] });
});
