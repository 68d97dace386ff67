import { Tooltip } from '@mantine/core';
import {
  IconAlertTriangleFilled,
  IconCircleCheckFilled,
  IconHexagonFilled,
  IconZzz,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { Fragment, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { components } from '../../api/schema';
import { keepTimeAnd } from '../../components/Navigation';
import { useFormats } from '../../components/use-formats';
import { type Ailing, type Bout, type Matrix, triage } from './health';
import classes from './OverviewPage.module.css';

type Props = { nodes: readonly components['schemas']['TopologyNode'][]; matrix: Matrix };

/** How many are named before the rest is only counted. */
const NAMED = 3;

const ICONS = {
  bad: IconHexagonFilled,
  warn: IconAlertTriangleFilled,
  ok: IconCircleCheckFilled,
  idle: IconZzz,
};

/** One sentence that says whether something is broken, what, how much and since when. */
export function HealthSentence({ nodes, matrix }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const { services, bad, warn } = useMemo(() => triage(nodes, matrix), [nodes, matrix]);
  const tone = bad.length > 0 ? 'bad' : warn.length > 0 ? 'warn' : services > 0 ? 'ok' : 'idle';
  const Icon = ICONS[tone];
  const named = bad.length > 0 ? bad : warn;
  const total = format.count(services);
  return (
    <div className={classes.health} data-tone={tone} role="status">
      <Icon size={22} aria-hidden="true" className={classes.healthIcon} />
      <p>
        <strong>
          {tone === 'ok'
            ? t('overview.healthy', { count: services })
            : tone === 'idle'
              ? t('overview.idle')
              : t(tone === 'bad' ? 'overview.bad' : 'overview.warn', { count: named.length, total })}
        </strong>{' '}
        {named.slice(0, NAMED).map((one, i) => (
          <Fragment key={one.node.id}>
            {i > 0 && format.separator}
            <One one={one} />
          </Fragment>
        ))}
        {named.length > NAMED && format.separator + t('overview.andMore', { count: named.length - NAMED })}
        {bad.length > 0 && warn.length > 0 && (
          <span className={classes.rest}> {t('overview.warnMore', { count: warn.length })}</span>
        )}
      </p>
      <Tooltip label={t('overview.rule')} multiline maw={320}>
        <button type="button" className={classes.rule} aria-label={t('overview.rule')}>
          ?
        </button>
      </Tooltip>
    </div>
  );
}

function One({ one: { node, bout } }: { one: Ailing }) {
  const says = useBout(bout);
  return (
    <span>
      <Link
        {...(node.kind === 'function'
          ? { to: '/functions/$name', params: { name: node.name } }
          : { to: '/services/$name', params: { name: node.name } })}
        search={keepTimeAnd({ tab: 'errors' })}
      >
        {node.name}
      </Link>{' '}
      {says}
    </span>
  );
}

function useBout({ rate, fromMs, toMs }: Bout): string {
  const { t } = useTranslation();
  const format = useFormats();
  const text = format.percent(rate);
  if (fromMs === undefined && toMs === undefined) return t('overview.fails', { rate: text });
  if (toMs === undefined) return t('overview.failsSince', { rate: text, from: format.moment(fromMs ?? 0) });
  if (fromMs === undefined) return t('overview.failedUntil', { rate: text, to: format.moment(toMs) });
  return t('overview.failedBetween', { rate: text, from: format.moment(fromMs), to: format.moment(toMs) });
}
