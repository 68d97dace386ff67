import { FLAG_COLD, FLAG_KILLED, FLAG_LOST, FLAG_RUNNING, type TraceModel } from './model';

/** Names of the invoke runtime's spans that are said in the language of the page. */
const PHASES = {
  ColdStart: 'coldStart',
  PrepareCode: 'prepareCode',
  RuntimeInitialization: 'runtimeInit',
  Initializer: 'initializer',
  sandbox: 'sandbox',
  'process.exec': 'exec',
  health_check: 'healthCheck',
  unexplained: 'unexplained',
  'node bootstrap': 'nodeBootstrap',
  'event loop': 'eventLoop',
  'python bootstrap': 'pythonBootstrap',
  'tracing hook': 'tracingHook',
  'go init': 'goInit',
  'init other packages': 'otherPackages',
} as const;

const PREFIXES = { 'Instance Init ': 'instanceInit', 'queue ': 'queue' } as const;

export type PhaseName = (typeof PHASES)[keyof typeof PHASES] | (typeof PREFIXES)[keyof typeof PREFIXES];

/** What a row of the invoke runtime is, besides its raw name. */
export type RuntimeLabel = { phase: PhaseName } | { module: string };

const phaseOf = (name: string): PhaseName | undefined => {
  if (Object.hasOwn(PHASES, name)) return PHASES[name as keyof typeof PHASES];
  for (const [prefix, phase] of Object.entries(PREFIXES)) if (name.startsWith(prefix)) return phase;
  return undefined;
};

/** A part of a cold start, or of what the runtime says of a request; undefined for all other spans. */
export function runtimeLabel(model: TraceModel, row: number): RuntimeLabel | undefined {
  const phase = phaseOf(model.names[model.name[row] ?? -1] ?? '');
  if (((model.flags[row] ?? 0) & FLAG_COLD) !== 0) {
    if (phase) return { phase };
    const module = model.modules[model.module[row] ?? -1];
    return module === undefined ? undefined : { module };
  }
  // Outside of cold starts these names are anybody's, except right below the runtime's own span.
  if (phase !== 'unexplained' && phase !== 'queue') return undefined;
  const parent = model.parent[row] ?? -1;
  return parent >= 0 && model.categories[model.category[parent] ?? -1] === 'faas' ? { phase } : undefined;
}

export type SpanState = 'running' | 'killed' | 'lost';

/** What became of a span that did not end as others do. */
export function stateOf(flags: number): SpanState | undefined {
  if (flags & FLAG_RUNNING) return 'running';
  if (flags & FLAG_KILLED) return 'killed';
  return flags & FLAG_LOST ? 'lost' : undefined;
}

/** How a bar is filled. */
export type Fill = 'service' | 'cold' | 'unexplained' | 'queue';

export function fillOf(model: TraceModel, row: number): Fill {
  const label = runtimeLabel(model, row);
  if (label && 'phase' in label && (label.phase === 'unexplained' || label.phase === 'queue'))
    return label.phase;
  return ((model.flags[row] ?? 0) & FLAG_COLD) !== 0 ? 'cold' : 'service';
}
