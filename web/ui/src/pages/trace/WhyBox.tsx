import {
  IconAlertTriangleFilled,
  IconClockPause,
  IconCode,
  IconDatabase,
  IconHelpCircle,
  IconRepeat,
  IconSnowflake,
  IconWorld,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { type Analysis, type Reason, useAnalysis } from '../../api/trace';
import { useFormats } from '../../components/use-formats';
import { useFileSource } from './source';
import { TwinLink } from './TwinLink';
import classes from './WhyBox.module.css';

const MOST = 5;

const ICONS = {
  error: IconAlertTriangleFilled,
  error_swallowed: IconAlertTriangleFilled,
  cold_start: IconSnowflake,
  database: IconDatabase,
  remote_call: IconWorld,
  queue_wait: IconClockPause,
  own_time: IconCode,
  repeated_calls: IconRepeat,
  missing_spans: IconHelpCircle,
  second_root: IconHelpCircle,
  parent_ring: IconHelpCircle,
  clock_skew: IconHelpCircle,
} as const;

type Props = {
  traceId: string;
  selected: string | undefined;
  onSelect: (spanId: string, byKey: boolean) => void;
};

/** What explains the trace, in the order in which to look at it; each leads to its span. */
export function WhyBox({ traceId, selected, onSelect }: Props) {
  const { t } = useTranslation();
  const analysis = useAnalysis(traceId);
  const file = useFileSource();
  if (file) return <p className={classes.without}>{t('file.without')}</p>;
  if (!analysis.data) return <div className={classes.box} data-waiting aria-busy={analysis.isPending} />;
  const reasons = topReasons(analysis.data);
  const failed = analysis.data.failed || reasons[0]?.kind === 'error';
  return (
    <section className={classes.box} aria-labelledby="why">
      <div className={classes.head}>
        <h2 id="why" className={classes.title}>
          {failed ? t('why.failed') : t('why.slow')}
        </h2>
        <TwinLink traceId={traceId} short />
      </div>
      {reasons.length === 0 && <p className={classes.none}>{t('why.none')}</p>}
      <ol className={classes.list}>
        {reasons.map((reason) => (
          <li key={`${reason.kind} ${reason.spanId} ${reason.service} ${reason.name}`}>
            <ReasonButton reason={reason} selected={selected} onSelect={onSelect} />
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The first few; what makes the others doubtful keeps a place, since it comes last in the answer. */
function topReasons({ reasons }: Analysis): Reason[] {
  const doubts = reasons.filter((r) => r.kind === 'missing_spans').slice(0, 1);
  const others = reasons.filter((r) => !doubts.includes(r));
  return [...others.slice(0, MOST - doubts.length), ...doubts];
}

type ButtonProps = { reason: Reason } & Pick<Props, 'selected' | 'onSelect'>;

function ReasonButton({ reason, selected, onSelect }: ButtonProps) {
  const { t } = useTranslation();
  const format = useFormats();
  const Icon = ICONS[reason.kind];
  const share = reason.share.toLocaleString(format.language, { style: 'percent', maximumFractionDigits: 0 });
  const what = reason.errorType || reason.name || reason.service || '';
  const { spanId } = reason;
  return (
    <button
      type="button"
      className={classes.reason}
      data-kind={reason.kind}
      disabled={!spanId}
      aria-pressed={spanId !== undefined && spanId === selected}
      onClick={(event) => spanId && onSelect(spanId, event.detail === 0)}
    >
      <span className={classes.bar} style={{ width: `${Math.min(100, reason.share * 100)}%` }} />
      <span className={classes.line}>
        <Icon size={14} aria-hidden="true" />
        <strong>{t(`why.${reason.kind}`, { what, peer: reason.peer || reason.service || '' })}</strong>
        {reason.share > 0 && <span className={classes.share}>{share}</span>}
      </span>
      <span className={classes.where}>
        {reason.service}
        {reason.name ? `: ${reason.name}` : ''}
      </span>
      <span className={classes.facts}>
        {[
          reason.criticalNs > 0 ? format.duration(reason.criticalNs) : '',
          reason.calls > 1 ? t('why.calls', { count: reason.calls }) : '',
          reason.savingNs > 0 ? t('why.saving', { saving: format.duration(reason.savingNs) }) : '',
        ]
          .filter(Boolean)
          .join(' · ')}
      </span>
    </button>
  );
}
