import { describe, expect, it } from 'vitest';
import type { Log } from '../../api/client';
import { exceptionOf, mergeRecords, severityOf, withKeys } from './records';

const log = (timeNs: number, text: string, more: Partial<Log> = {}) =>
  ({
    timeNs: String(1_795_600_000_000_000_000n + BigInt(timeNs)),
    service: 'shop',
    severityNumber: 9,
    eventName: '',
    body: { type: 'string', value: text },
    attributes: [],
    ...more,
  }) as unknown as Log;

describe('records', () => {
  it('keep their keys in another answer that holds the instant whole', () => {
    const [a, b, c] = withKeys([log(2, 'x'), log(1, 'same'), log(1, 'same')]);
    expect(new Set([a?.key, b?.key, c?.key]).size).toBe(3);
    expect(withKeys([log(1, 'same'), log(1, 'same')]).map(({ key }) => key)).toEqual([b?.key, c?.key]);
  });

  it('are counted on over the pages of one list', () => {
    const taken = new Map<string, number>();
    const [first] = withKeys([log(1, 'same')], taken);
    const [second] = withKeys([log(1, 'same')], taken);
    expect(second?.key).not.toBe(first?.key);
  });

  it('merge newest first, each once, and the oldest give way', () => {
    const old = withKeys([log(3, 'c'), log(2, 'b'), log(1, 'a')]);
    const fresh = withKeys([log(5, 'e'), log(4, 'd'), log(3, 'c')]);
    const { records, dropped } = mergeRecords(fresh, old, 4);
    expect(records.map((one) => one.log.body.value)).toEqual(['e', 'd', 'c', 'b']);
    expect(dropped).toBe(1);
  });

  it('name the range of their severity', () => {
    expect([0, 1, 8, 9, 13, 17, 20, 21, 24, 99].map(severityOf)).toEqual([
      undefined,
      'trace',
      'debug',
      'info',
      'warn',
      'error',
      'error',
      'fatal',
      'fatal',
      'fatal',
    ]);
  });

  it('show an exception by the names of OpenTelemetry', () => {
    expect(exceptionOf(log(1, 'x'))).toBeUndefined();
    const attributes = [{ key: 'exception.type', type: 'string', value: 'IOError' }];
    expect(exceptionOf(log(1, 'x', { attributes } as Partial<Log>))).toEqual({
      type: 'IOError',
      message: '',
      stack: '',
    });
  });
});
