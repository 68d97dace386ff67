import { IconAlertTriangle, IconAlertTriangleFilled, IconSnowflake } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { NodeKind } from '../../api/services';
import { keepTime } from '../../components/Navigation';
import { useFigures } from '../../components/use-figures';
import { useFormats } from '../../components/use-formats';
import type { StateOf } from '../../lib/view';
import type { SERVICE } from '../service/view';
import classes from './functions.module.css';

// As the API counts health: /api/v1/topology.
const WARN = 0.01;
const BAD = 0.05;

/** A share of failed calls: by sign and colour when there are many. */
export function ErrorShare({ share }: { share: number }) {
  const { percent } = useFigures();
  if (share >= BAD)
    return (
      <span className={classes.bad}>
        <IconAlertTriangleFilled size={13} aria-hidden="true" />
        {percent(share)}
      </span>
    );
  if (share >= WARN)
    return (
      <span className={classes.warn}>
        <IconAlertTriangle size={13} aria-hidden="true" />
        {percent(share)}
      </span>
    );
  return share === 0 ? <span className={classes.dim}>0%</span> : percent(share);
}

/** A count that is worth a look only when it is not zero. */
export function Some({ n, bad = false }: { n: number; bad?: boolean }) {
  const format = useFormats();
  if (n === 0) return <span className={classes.dim}>0</span>;
  return bad ? (
    <span className={classes.bad}>
      <IconAlertTriangleFilled size={13} aria-hidden="true" />
      {format.count(n)}
    </span>
  ) : (
    format.count(n)
  );
}

/** A duration, or a dash where there is none. */
export function Duration({ ns }: { ns: number | undefined }) {
  const format = useFormats();
  return ns ? (
    <span className={classes.nowrap}>{format.duration(ns)}</span>
  ) : (
    <span className={classes.dim}>–</span>
  );
}

export function ColdMark({ cold }: { cold: boolean }) {
  const { t } = useTranslation();
  return cold ? (
    <span className={classes.nowrap}>
      <IconSnowflake size={13} aria-hidden="true" /> {t('fn.isCold')}
    </span>
  ) : (
    <span className={classes.dim}>{t('fn.isWarm')}</span>
  );
}

/** Goes to the page of a function or of anything else on the map. */
export function NodeLink({ kind, name }: { kind: NodeKind; name: string }) {
  const { t } = useTranslation();
  if (kind === 'user') return <span>{t('fn.users')}</span>;
  if (kind === 'function')
    return (
      <Link to="/functions/$name" params={{ name }} search={keepTime} className={classes.name ?? ''}>
        {name}
      </Link>
    );
  return (
    <Link
      to="/services/$name"
      params={{ name }}
      search={withTime<StateOf<typeof SERVICE>>({ kind })}
      className={classes.name ?? ''}
    >
      {name}
    </Link>
  );
}

/** The time range of the page one comes from, and more. */
export const withTime = <T extends object>(more: T) =>
  ((before: Record<string, unknown>) => ({
    ...(keepTime as unknown as (before: Record<string, unknown>) => Record<string, unknown>)(before),
    ...more,
  })) as never;

/** Opens a trace at a span. */
export function TraceLink({
  traceId,
  spanId,
  label,
  text,
}: {
  traceId: string | undefined;
  spanId?: string | undefined;
  label: string;
  text?: string;
}) {
  const { t } = useTranslation();
  if (!traceId) return <span className={classes.dim}>{t('fn.noTrace')}</span>;
  return (
    <Link
      to="/trace/$traceId"
      params={{ traceId }}
      search={spanId ? { s: spanId } : {}}
      className={classes.link ?? ''}
      // Who says what stands there must reach it.
      aria-label={text && !label.includes(text) ? `${text}, ${label}` : label}
    >
      {text ?? t('fn.openTrace')}
    </Link>
  );
}

/** The greatest memory that an instance came to, of what it may have. Near the limit is told apart. */
export function Memory({
  maxMemoryBytes,
  memoryLimitBytes,
}: {
  maxMemoryBytes: number;
  memoryLimitBytes: number;
}) {
  const format = useFormats();
  if (maxMemoryBytes === 0) return <span className={classes.dim}>–</span>;
  const near = memoryLimitBytes > 0 && maxMemoryBytes >= 0.9 * memoryLimitBytes;
  return (
    <span className={classes.nowrap} data-near={near || undefined}>
      {near && '▲ '}
      {format.bytes(maxMemoryBytes)}
      {memoryLimitBytes > 0 && <span className={classes.dim}> / {format.bytes(memoryLimitBytes)}</span>}
    </span>
  );
}
