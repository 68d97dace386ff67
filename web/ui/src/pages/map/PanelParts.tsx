import { CloseButton, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { type FigureTexts, SIGN } from './figures';
import type { Figures, MapEdge, MapNode } from './graph';
import { culprit, reasonOf } from './health';
import classes from './MapPage.module.css';

export function Head({
  kind,
  onClose,
  children,
}: {
  kind: string;
  onClose: () => void;
  children: ReactNode;
}) {
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

type HealthProps = {
  of: Figures & { id: string };
  edges: readonly MapEdge[];
  nameOf: (id: string) => string;
  texts: FigureTexts;
  onSelect: (id: string) => void;
};

/** How well it goes, why that is said, and which of its calls fails most. */
export function HealthNote({ of, edges, nameOf, texts, onSelect }: HealthProps) {
  const { t } = useTranslation();
  const reason = reasonOf(of);
  const cause = culprit(of.id, of.health, edges);
  return (
    <div className={classes.health} data-health={of.health}>
      <p>
        <strong className={of.health === 'ok' ? undefined : classes[of.health]}>
          {SIGN[of.health]}
          {t(reason === 'idle' ? 'map.health.idle' : `map.health.${of.health}`)}
        </strong>{' '}
        {t(`map.reason.${reason}`, {
          errors: texts.count(of.errors),
          calls: texts.count(of.calls),
          share: texts.share(of.errorRate),
        })}
      </p>
      {cause && (
        <button type="button" className={classes.cell} onClick={() => onSelect(cause.id)}>
          {t('map.culprit', { name: nameOf(cause.target), share: texts.share(cause.errorRate) })}
        </button>
      )}
    </div>
  );
}

type FactsProps = { figures: Figures; texts: FigureTexts; retries?: number; deadLetters?: number };

export function Facts({ figures, texts, retries, deadLetters }: FactsProps) {
  const { t } = useTranslation();
  const rows: [string, ReactNode][] = [
    [t('map.rate'), texts.rate(figures.perMinute)],
    [t('map.calls'), texts.count(figures.calls)],
    [t('map.errors'), `${texts.count(figures.errors)} (${texts.share(figures.errorRate)})`],
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
        <div key={name} className={classes.fact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export type End = { edge: MapEdge; name: string };

type EndsProps = { title: string; rows: readonly End[]; texts: FigureTexts; onSelect: (id: string) => void };

export function Ends({ title, rows, texts, onSelect }: EndsProps) {
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

type NodesProps = {
  title: string;
  nodes: readonly MapNode[];
  texts: FigureTexts;
  onSelect: (id: string) => void;
};

/** Rows that select nodes, with how well each goes. */
export function Nodes({ title, nodes, texts, onSelect }: NodesProps) {
  return (
    <section className={classes.section}>
      <h3>{title}</h3>
      <ul className={classes.rows}>
        {nodes.map((node) => (
          <li key={node.id}>
            <button type="button" className={classes.row} onClick={() => onSelect(node.id)}>
              <span>{node.name}</span>
              <span>
                {node.health !== 'ok' && (
                  <span className={classes[node.health]}>
                    {SIGN[node.health]}
                    {texts.share(node.errorRate)}{' '}
                  </span>
                )}
                {texts.rate(node.perMinute)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
