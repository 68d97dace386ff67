import {
  IconAlertTriangleFilled,
  IconBug,
  IconChevronDown,
  IconChevronRight,
  IconHexagonFilled,
  IconInfoCircle,
  IconPoint,
  IconTimeline,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ServiceName } from '../../components/ServiceName';
import { useFormats } from '../../components/use-formats';
import type { ServiceColour } from '../../lib/colour';
import { parseInstant } from '../../units';
import { LogDetail } from './LogDetail';
import classes from './LogsPage.module.css';
import { type LogRecord, severityOf } from './records';
import type { LogsState } from './view';

type Props = {
  record: LogRecord;
  colour: ServiceColour | undefined;
  index: number;
  offset: number;
  measure: (element: Element | null) => void;
  open: boolean;
  onToggle: () => void;
  onFilter: (changes: Partial<LogsState>) => void;
};

const ICONS = {
  trace: IconPoint,
  debug: IconBug,
  info: IconInfoCircle,
  warn: IconAlertTriangleFilled,
  error: IconHexagonFilled,
  fatal: IconHexagonFilled,
};

// More than that is never seen in one line, and slows down the layout.
const LINE = 400;

/** One record as a line; unfolded, all that it holds. */
export function LogRow({ record, colour, index, offset, measure, open, onToggle, onFilter }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const { log } = record;
  const atNs = parseInstant(log.timeNs);
  const severity = severityOf(log.severityNumber);
  const Icon = severity && ICONS[severity];
  const Fold = open ? IconChevronDown : IconChevronRight;
  const line = (log.body.value || log.eventName || t('logs.unreadable')).slice(0, LINE);
  return (
    <div
      ref={measure}
      data-index={index}
      className={classes.record}
      data-open={open || undefined}
      data-severity={severity}
      style={{ transform: `translateY(${offset}px)` }}
      role="row"
      aria-rowindex={index + 2}
    >
      <div className={classes.columns} role="presentation">
        <span role="cell" className={classes.time}>
          <button
            type="button"
            data-row={index}
            className={classes.fold}
            aria-expanded={open}
            aria-label={t('logs.unfold', { time: format.logTime(atNs) })}
            title={format.instant(atNs)}
            onClick={onToggle}
          >
            <Fold size={14} aria-hidden="true" />
            {format.logTime(atNs)}
          </button>
        </span>
        <span role="cell" className={classes.severity}>
          {Icon && <Icon size={13} aria-hidden="true" />}
          {severity ? t(`severity.${severity}`) : ''}
        </span>
        <span role="cell" className={classes.service}>
          <ServiceName name={log.service} colour={colour} />
        </span>
        <span role="cell" className={classes.body}>
          {line}
        </span>
        <span role="cell" className={classes.jump}>
          {log.traceId && (
            <Link
              to="/trace/$traceId"
              params={{ traceId: log.traceId }}
              search={log.spanId ? { s: log.spanId, tab: 'logs' } : {}}
              title={t(log.spanId ? 'logs.openSpan' : 'logs.openTrace')}
              className={classes.icon}
            >
              <IconTimeline size={15} aria-hidden="true" />
              <span className={classes.id}>{log.traceId.slice(0, 8)}</span>
            </Link>
          )}
        </span>
      </div>
      {open && (
        <div role="cell">
          <LogDetail log={log} onFilter={onFilter} />
        </div>
      )}
    </div>
  );
}
