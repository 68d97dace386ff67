import { describe, expect, it } from 'vitest';
import { dropValue, heldValues, keepValue, liftValue, withoutField } from './values';

const search = {
  service: 'cart',
  attr: ['k=v', 'k!=w', '@service!=pay', 'n>=5'],
  q: 'p in (a, b) and (k = x or z = 1)',
};

describe('values of facets', () => {
  it('are known to hold', () => {
    expect(Object.fromEntries(heldValues(search, '@service'))).toEqual({ cart: 'only', pay: 'without' });
    expect(Object.fromEntries(heldValues(search, 'k'))).toEqual({ v: 'only', w: 'without' });
    expect(Object.fromEntries(heldValues(search, 'p'))).toEqual({ a: 'only', b: 'only' });
    expect(heldValues(search, 'n').size).toBe(0);
  });

  it('are counted without the conditions on their own field', () => {
    expect(withoutField(search, '@service')).toMatchObject({
      service: undefined,
      attr: ['k=v', 'k!=w', 'n>=5'],
    });
    expect(withoutField(search, 'n')?.attr).toEqual(['k=v', 'k!=w', '@service!=pay']);
    expect(withoutField(search, 'p')?.q).toBe('k = x or z = 1');
    expect(withoutField(search, '@name')).toBeUndefined();
  });

  it('replace each other, or are one of several', () => {
    expect(keepValue({ service: 'cart' }, '@service', 'pay', false)).toMatchObject({
      service: 'pay',
      q: undefined,
    });
    const both = keepValue({ service: 'cart' }, '@service', 'pay', true);
    expect(both).toMatchObject({ service: undefined, q: '@service in (cart, pay)' });
    expect(liftValue(both, '@service', 'cart')).toMatchObject({ service: 'pay', q: undefined });
    expect(keepValue({ attr: ['k!=v'] }, 'k', 'v', false).attr).toEqual(['k=v']);
  });

  it('are left out and lifted', () => {
    expect(dropValue({ service: 'cart' }, '@service', 'cart')).toMatchObject({
      service: undefined,
      attr: ['@service!=cart'],
    });
    expect(liftValue(search, 'k', 'w').attr).toEqual(['k=v', '@service!=pay', 'n>=5']);
    expect(liftValue({ attr: ['k=v'] }, 'k', 'v').attr).toBeUndefined();
  });
});
