import { useTranslation } from 'react-i18next';
import { useInfo, useStats } from '../api/queries';
import { parseInstant } from '../units';
import classes from './Footer.module.css';
import { useFormats } from './use-formats';

/** What the server holds, and which version it is. */
export function Footer() {
  const { t } = useTranslation();
  const format = useFormats();
  const stats = useStats();
  const info = useInfo();
  const signals = stats.data?.signals ?? [];
  const rows = (signal: string) => format.compact(signals.find((s) => s.signal === signal)?.rows ?? 0);
  const bytes = signals.reduce((sum, s) => sum + s.bytes, 0);
  const oldest = signals.find((s) => s.signal === 'traces')?.oldestNs;
  return (
    <footer className={classes.footer}>
      {stats.data && (
        <span>
          {t('footer.stored', {
            spans: rows('traces'),
            logs: rows('logs'),
            points: rows('metrics'),
            bytes: format.bytes(bytes),
          })}
          {oldest && ` · ${t('footer.since', { time: format.instantShort(parseInstant(oldest)) })}`}
        </span>
      )}
      <span className={classes.spring} />
      {info.data && <span>{t('footer.version', { version: info.data.version })}</span>}
    </footer>
  );
}
