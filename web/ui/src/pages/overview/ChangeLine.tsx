import {
  IconArrowDownRight,
  IconArrowUpRight,
  IconLinkOff,
  IconPlus,
  IconSnowflake,
  IconTag,
} from '@tabler/icons-react';
import { Link, type LinkProps } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { keepTimeAnd } from '../../components/Navigation';
import { useFormats } from '../../components/use-formats';
import { writeDuration } from '../../lib/duration';
import { durationNs } from '../../units';
import { type Change, type EdgeChange, toneOf } from './changes';
import classes from './OverviewPage.module.css';

const ICONS = {
  errors: IconArrowUpRight,
  slower: IconArrowUpRight,
  busier: IconArrowUpRight,
  fewerErrors: IconArrowDownRight,
  faster: IconArrowDownRight,
  quieter: IconArrowDownRight,
  moreCold: IconSnowflake,
  fewerCold: IconSnowflake,
  version: IconTag,
  newFunction: IconPlus,
  newEdge: IconPlus,
  goneEdge: IconLinkOff,
};

/** A share of errors from which a new call is bad news: that of an unhealthy service. */
const BAD = 0.05;

/** One change: what it is about, what is different, and the values before and now. The whole line leads on. */
export function ChangeLine({ change }: { change: Change }) {
  const { t } = useTranslation();
  const format = useFormats();
  const Icon = ICONS[change.kind];
  const [before, now] = useValues(change);
  const rate = 'edge' in change && change.kind === 'newEdge' ? change.edge.current.errorRate : 0;
  const tone = rate >= BAD ? 'worse' : toneOf(change.kind);
  return (
    <li className={classes.line} data-tone={tone}>
      <Icon size={16} aria-hidden="true" className={classes.lineIcon} />
      <Link {...target(change)} className={classes.lineLink}>
        {'edge' in change ? <Subject change={change} /> : <strong>{change.name}</strong>}
      </Link>
      <span className={classes.what}>
        {rate >= BAD ? t('change.newEdgeBad', { rate: format.percent(rate) }) : t(`change.${change.kind}`)}
      </span>
      <span className={classes.values}>
        {before !== undefined && <span className={classes.was}>{before} → </span>}
        <strong>{now}</strong>
      </span>
    </li>
  );
}

function Subject({ change: { edge, sources } }: { change: EdgeChange }) {
  const { t } = useTranslation();
  const name = (id: string) => (id === 'user' ? t('overview.users') : nameOf(id) || t('overview.unnamed'));
  const from = sources.length > 1 ? t('overview.callers', { count: sources.length }) : name(edge.source);
  return (
    <>
      <span className={classes.from}>{from} → </span>
      <strong>{name(edge.target)}</strong>
    </>
  );
}

const nameOf = (id: string) => id.slice(id.indexOf(':') + 1);

/** The service in whose spans a change of an edge shows: the one called, or the caller of what has no spans itself. */
const serviceOf = ({ edge }: EdgeChange) =>
  nameOf(edge.target.startsWith('service:') ? edge.target : edge.source);

/** Where one looks next. */
function target(change: Change): Pick<LinkProps, 'to' | 'params' | 'search'> {
  switch (change.kind) {
    case 'errors':
    case 'fewerErrors':
      return { to: '/traces', search: keepTimeAnd({ service: serviceOf(change), errors: 'true' }) };
    case 'slower':
    case 'faster': {
      const minDuration = writeDuration(
        durationNs(Math.round(Math.min(change.edge.base.p95Ns, change.edge.current.p95Ns))),
      );
      return { to: '/traces', search: keepTimeAnd({ service: serviceOf(change), minDuration }) };
    }
    case 'newEdge':
    case 'goneEdge':
    case 'busier':
    case 'quieter':
      return { to: '/map', search: keepTimeAnd({ focus: change.edge.target }) };
    case 'version':
    case 'newFunction':
      return {
        to: '/functions/$name',
        params: { name: change.name },
        search: keepTimeAnd(change.kind === 'version' ? { tab: 'versions' } : {}),
      };
    default:
      return {
        to: '/functions/$name',
        params: { name: change.name },
        search: keepTimeAnd({ tab: 'coldStarts' }),
      };
  }
}

/** The value before, where there is one, and now. */
function useValues(change: Change): [string | undefined, string] {
  const { t } = useTranslation();
  const format = useFormats();
  switch (change.kind) {
    case 'errors':
    case 'fewerErrors':
      return [format.percent(change.edge.base.errorRate), format.percent(change.edge.current.errorRate)];
    case 'slower':
    case 'faster':
      return [format.duration(change.edge.base.p95Ns), format.duration(change.edge.current.p95Ns)];
    case 'newEdge':
      return [undefined, t('change.times', { count: change.edge.current.calls })];
    case 'goneEdge':
      return [t('change.times', { count: change.edge.base.calls }), format.count(0)];
    case 'busier':
    case 'quieter': {
      const perMinute = (calls: number) => t('change.perMinute', { calls: format.ratio(calls) });
      return [format.ratio(change.edge.base.callsPerMinute), perMinute(change.edge.current.callsPerMinute)];
    }
    case 'version':
      return [undefined, change.versions.join(', ')];
    case 'newFunction':
      return [undefined, t('change.times', { count: change.invocations })];
    default:
      return [format.percent(change.base.coldShare), format.percent(change.current.coldShare)];
  }
}
