import { expect, it } from 'vitest';
import { compactTrace } from '../test/compact-trace';
import { buildTrace, FLAG_COLD, FLAG_KILLED, FLAG_LOST, FLAG_RUNNING } from './model';
import { fillOf, runtimeLabel, stateOf } from './row-label';

it('names the phases of a cold start, and modules by what they load', () => {
  const flags = FLAG_COLD;
  const model = buildTrace(
    compactTrace([
      { id: 'c', name: 'ColdStart', kind: 1, flags },
      { id: 'i', parent: 'c', name: 'Instance Init shop-cart', kind: 1, flags },
      { id: 'm', parent: 'i', name: 'require express', module: 'express', kind: 1, flags },
      { id: 'g', parent: 'i', name: 'go init', module: 'runtime', kind: 1, flags },
      { id: 'u', parent: 'i', name: 'unexplained', kind: 1, flags },
      { id: 'x', parent: 'i', name: 'own', kind: 1, flags },
    ]),
  );
  expect([0, 1, 2, 3, 4, 5].map((row) => runtimeLabel(model, row))).toEqual([
    { phase: 'coldStart' },
    { phase: 'instanceInit' },
    { module: 'express' },
    { phase: 'goInit' },
    { phase: 'unexplained' },
    undefined,
  ]);
  expect([0, 2, 4, 5].map((row) => fillOf(model, row))).toEqual(['cold', 'cold', 'unexplained', 'cold']);
});

it('leaves spans alone that only happen to have such a name', () => {
  const spans = compactTrace([
    { id: 'f', name: 'POST /http/fn' },
    { id: 'q', parent: 'f', name: 'queue fn', kind: 1 },
    { id: 'o', name: 'Initializer' },
    { id: 'p', parent: 'o', name: 'queue jobs' },
  ]);
  const model = buildTrace({
    ...spans,
    categories: ['faas', 'server'],
    spans: { ...spans.spans, category: [0, 1, 1, 1] },
  });
  expect(['f', 'q', 'o', 'p'].map((id) => runtimeLabel(model, model.rowOf.get(id) ?? -1))).toEqual([
    undefined,
    { phase: 'queue' },
    undefined,
    undefined,
  ]);
});

it('tells running, killed and lost spans apart', () => {
  expect([FLAG_RUNNING, FLAG_LOST | FLAG_KILLED, FLAG_KILLED, FLAG_LOST, 0].map(stateOf)).toEqual([
    'running',
    'killed',
    'killed',
    'lost',
    undefined,
  ]);
});
