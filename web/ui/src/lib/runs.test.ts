import { describe, expect, it } from 'vitest';
import type { FunctionDetail, Invocation } from '../api/functions';
import { groupFailures, versionMarks } from './runs';

const point = (second: number, ...versions: string[]) =>
  ({
    startNs: `${second}000000000`,
    versions: versions.map((version) => ({ version, invocations: 1, errors: 0 })),
  }) as FunctionDetail['points'][number];

describe('version marks', () => {
  it('are where a version was first seen, not where the data begins', () => {
    expect(versionMarks([point(0), point(1, '1'), point(2, '1'), point(3, '1', '2'), point(4, '2')])).toEqual(
      [{ atMs: 3000, label: '2' }],
    );
    expect(versionMarks([])).toEqual([]);
  });
});

const failure = (message: string, more: Partial<Invocation> = {}) =>
  ({
    outcome: 'error',
    errorType: 'ValueError',
    errorMessage: message,
    timeNs: '5',
    version: '1',
    ...more,
  }) as Invocation;

describe('failures', () => {
  it('of one kind are together, whatever ids and numbers they name', () => {
    const groups = groupFailures([
      failure('order 17 of 5b8aa5a2d2c872e8321cf37308d69df2', { traceId: 'a', spanId: 'b' }),
      failure('order 18 of 0b8aa5a2d2c872e8321cf37308d69df1', {
        timeNs: '4',
        version: '2',
        traceId: 'c',
        spanId: 'd',
      }),
      failure('no such order'),
      failure('', { outcome: 'timeout', errorType: '' }),
    ]);
    expect(groups.map(({ count }) => count)).toEqual([2, 1, 1]);
    expect(groups[0]).toMatchObject({
      message: 'order 17 of 5b8aa5a2d2c872e8321cf37308d69df2',
      lastNs: '5',
      versions: ['1', '2'],
      examples: [
        { traceId: 'a', spanId: 'b' },
        { traceId: 'c', spanId: 'd' },
      ],
    });
  });
});
