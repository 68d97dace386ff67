import type { Attribute, SpanDetail } from '../../api/client';

/** An attribute as each of two spans has it; undefined where one has none. */
export type AttributePair = {
  of: 'span' | 'resource';
  key: string;
  a: Attribute | undefined;
  b: Attribute | undefined;
};

/** Attributes that differ and those that do not, each by key, the spans' own before their resources'. */
export function attributeDiff(
  a: SpanDetail | undefined,
  b: SpanDetail | undefined,
): { differing: AttributePair[]; same: AttributePair[] } {
  const pairs = [
    ...pairUp('span', a?.attributes ?? [], b?.attributes ?? []),
    ...pairUp('resource', a?.resource.attributes ?? [], b?.resource.attributes ?? []),
  ];
  // Of long values only the beginning is here, and their length.
  const equal = ({ a: x, b: y }: AttributePair) =>
    x !== undefined && x.type === y?.type && x.value === y.value && x.wholeBytes === y.wholeBytes;
  return { differing: pairs.filter((pair) => !equal(pair)), same: pairs.filter(equal) };
}

function pairUp(of: AttributePair['of'], a: readonly Attribute[], b: readonly Attribute[]): AttributePair[] {
  const left = new Map(a.map((one) => [one.key, one]));
  const right = new Map(b.map((one) => [one.key, one]));
  return [...new Set([...left.keys(), ...right.keys()])]
    .sort()
    .map((key) => ({ of, key, a: left.get(key), b: right.get(key) }));
}
