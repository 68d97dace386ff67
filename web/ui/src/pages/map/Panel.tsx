import { Button, CloseButton, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { keepTime } from '../../components/Navigation';
import type { TraceSearch } from '../../lib/trace-search';
import type { StateOf } from '../../lib/view';
import type { Change } from './changes';
import { type FigureTexts, SIGN } from './figures';
import type { Figures, MapEdge, MapNode } from './graph';
import { groupOf, isGroup, type Scene } from './groups';
import { Shape } from './Legend';
import { filtersOf, joined, tracesOfEdge, tracesOfNode } from './links';
import classes from './MapPage.module.css';
import type { MAP } from './view';

type Props = {
  scene: Scene;
  state: StateOf<typeof MAP>;
  texts: FigureTexts;
  changes: readonly Change[];
  onSelect: (id: string | undefined) => void;
  onFocus: (id: string) => void;
  onHide: (id: string) => void;
  onToggle: (group: string) => void;
};

/** The node that is selected: its figures, who calls it and whom it calls, and where to go on. */
export function NodePanel({ node, ...props }: Props & { node: MapNode }) {
  const { t } = useTranslation();
  const { scene, state, texts, onSelect, onFocus, onHide, onToggle } = props;
  const group = scene.groups.get(scene.parent.get(node.id) ?? groupOf(node.id));
  const names = new Map(scene.nodes.map(({ id, name }) => [id, name]));
  const ends = (edges: readonly MapEdge[], end: 'source' | 'target') =>
    edges
      .toSorted((a, b) => b.errors - a.errors || b.calls - a.calls)
      .map((edge) => ({ edge, name: names.get(edge[end]) ?? edge[end] }));
  const search = tracesOfNode(node);
  return (
    <>
      <Head kind={t(`map.kind.${node.kind}`)} onClose={() => onSelect(undefined)}>
        <Shape kind={node.kind} /> {node.name}
      </Head>
      {node.system && <p className={classes.dimmed}>{node.system}</p>}
      <Facts figures={node} texts={texts} />
      <div className={classes.actions}>
        {!isGroup(node.id) && (
          <Button size="compact-xs" variant="default" onClick={() => onFocus(node.id)}>
            {t('map.focus')}
          </Button>
        )}
        {!isGroup(node.id) && (
          <Button size="compact-xs" variant="default" onClick={() => onHide(node.id)}>
            {t('map.hide')}
          </Button>
        )}
        {group && (
          <Button size="compact-xs" variant="default" onClick={() => onToggle(group.id)}>
            {group.open
              ? t('map.closeGroup', { name: group.name })
              : t('map.openGroup', { name: group.name })}
          </Button>
        )}
      </div>
      <nav className={classes.links} aria-label={t('map.goOn')}>
        {node.folded === undefined && node.kind === 'function' && (
          <Link to="/functions/$name" params={{ name: node.name }} search={keepTime}>
            {t('map.toFunction')}
          </Link>
        )}
        {node.folded === undefined && node.kind === 'service' && (
          <Link to="/services/$name" params={{ name: node.name }} search={keepTime}>
            {t('map.toService')}
          </Link>
        )}
        {search && <TraceLinks state={state} search={search} errors={node.errors > 0} />}
      </nav>
      <Ends
        title={t('map.callers')}
        rows={ends(
          scene.edges.filter(({ target }) => target === node.id),
          'source',
        )}
        {...props}
      />
      <Ends
        title={t('map.callees')}
        rows={ends(
          scene.edges.filter(({ source }) => source === node.id),
          'target',
        )}
        {...props}
      />
      {group && node.folded !== undefined && (
        <section className={classes.section}>
          <h3>{t('map.members')}</h3>
          <ul className={classes.rows}>
            {group.members.slice(0, 50).map((member) => (
              <li key={member.id} className={classes.row}>
                <span>{member.name}</span>
                <span>{texts.rate(member.perMinute)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

type End = { edge: MapEdge; name: string };

function Ends({ title, rows, texts, onSelect }: Props & { title: string; rows: readonly End[] }) {
  if (rows.length === 0) return null;
  return (
    <section className={classes.section}>
      <h3>{title}</h3>
      <ul className={classes.rows}>
        {rows.map(({ edge, name }) => (
          <li key={edge.id}>
            <button type="button" className={classes.row} onClick={() => onSelect(edge.id)}>
              <span>{name}</span>
              <span>
                {edge.errors > 0 && (
                  <span className={classes[edge.health === 'ok' ? 'dimmed' : edge.health]}>
                    {SIGN[edge.health]}
                    {texts.share(edge.errorRate)}{' '}
                  </span>
                )}
                {texts.rate(edge.perMinute)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The edge that is selected. */
export function EdgePanel({ edge, ...props }: Props & { edge: MapEdge }) {
  const { t } = useTranslation();
  const { scene, state, texts, changes, onSelect } = props;
  const source = scene.nodes.find(({ id }) => id === edge.source);
  const target = scene.nodes.find(({ id }) => id === edge.target);
  const change = changes.find(({ id }) => id === edge.id);
  const search = source && target && tracesOfEdge(edge, source, target);
  return (
    <>
      <Head kind={t(`map.edge.${edge.type}`)} onClose={() => onSelect(undefined)}>
        {source?.name ?? edge.source} → {target?.name ?? edge.target}
      </Head>
      {edge.via && <p className={classes.dimmed}>{t('map.via', { via: edge.via })}</p>}
      {change && <ChangeNote change={change} texts={texts} />}
      <Facts figures={edge} texts={texts} retries={edge.retries} deadLetters={edge.deadLetters} />
      <nav className={classes.links} aria-label={t('map.goOn')}>
        {search && <TraceLinks state={state} search={search} errors={edge.errors > 0} />}
      </nav>
      <section className={classes.section}>
        <h3>{t('map.ends')}</h3>
        <ul className={classes.rows}>
          {[source, target].map(
            (node) =>
              node && (
                <li key={node.id}>
                  <button type="button" className={classes.row} onClick={() => onSelect(node.id)}>
                    <span>{node.name}</span>
                    <span>{texts.rate(node.perMinute)}</span>
                  </button>
                </li>
              ),
          )}
        </ul>
      </section>
    </>
  );
}

function ChangeNote({ change, texts }: { change: Change; texts: FigureTexts }) {
  const { t } = useTranslation();
  const { base, current } = change;
  const lines = [
    t('map.wasNow', {
      what: t('map.rate'),
      was: texts.rate(base.callsPerMinute),
      now: texts.rate(current.callsPerMinute),
    }),
    t('map.wasNow', {
      what: t('map.errorShare'),
      was: texts.share(base.errorRate),
      now: texts.share(current.errorRate),
    }),
    t('map.wasNow', {
      what: 'p95',
      was: texts.duration(base.calls > 0 ? base.p95Ns : null),
      now: texts.duration(current.calls > 0 ? current.p95Ns : null),
    }),
  ];
  return (
    <section className={classes.section}>
      <h3>{t(`map.change.${change.word}`)}</h3>
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </section>
  );
}

function Head({ kind, onClose, children }: { kind: string; onClose: () => void; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <div>
      <div className={classes.panelHead}>
        <Title order={2}>{children}</Title>
        <CloseButton size="sm" aria-label={t('state.close')} onClick={onClose} />
      </div>
      <p className={classes.dimmed}>{kind}</p>
    </div>
  );
}

type FactsProps = { figures: Figures; texts: FigureTexts; retries?: number; deadLetters?: number };

function Facts({ figures, texts, retries, deadLetters }: FactsProps) {
  const { t } = useTranslation();
  const rows: [string, ReactNode][] = [
    [t('map.rate'), texts.rate(figures.perMinute)],
    [t('map.calls'), texts.count(figures.calls)],
    [
      t('map.errors'),
      <span key="errors" className={figures.health === 'ok' ? undefined : classes[figures.health]}>
        {SIGN[figures.health]}
        {texts.count(figures.errors)} ({texts.share(figures.errorRate)})
      </span>,
    ],
    ['p50', texts.duration(figures.p50Ns)],
    ['p95', texts.duration(figures.p95Ns)],
    ['p99', texts.duration(figures.p99Ns)],
    [t('map.coldStarts'), texts.count(figures.coldStarts)],
  ];
  if (figures.ageNs !== null) rows.push([t('map.queueAge'), texts.duration(figures.ageNs)]);
  if (retries) rows.push([t('map.retries'), texts.count(retries)]);
  if (deadLetters) rows.push([t('map.deadLetters'), texts.count(deadLetters)]);
  return (
    <dl className={classes.facts}>
      {rows.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

type TraceLinksProps = { state: StateOf<typeof MAP>; search: TraceSearch; errors: boolean };

function TraceLinks({ state, search, errors }: TraceLinksProps) {
  const { t } = useTranslation();
  const { from, to } = state;
  const base = { ...filtersOf(state), ...(from && { from }), ...(to && { to }) };
  return (
    <>
      <Link to="/traces" search={joined(base, search, false)}>
        {t('map.toTraces')}
      </Link>
      {errors && (
        <Link to="/traces" search={joined(base, search, true)}>
          {t('map.toErrors')}
        </Link>
      )}
    </>
  );
}
