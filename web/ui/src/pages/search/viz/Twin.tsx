import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../../../components/use-formats';
import classes from './viz.module.css';

type Row = { label: string; spans: number; errors: number };

/** What a picture of spans says, for screen readers. */
export function Twin({ label, head, rows }: { label: string; head: string; rows: readonly Row[] }) {
  const { t } = useTranslation();
  const format = useFormats();
  return (
    <div className={classes.twin}>
      <table aria-label={label}>
        <thead>
          <tr>
            <th>{head}</th>
            <th>{t('results.spans')}</th>
            <th>{t('results.errors')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.label}>
              <td>{row.label}</td>
              <td>{format.count(row.spans)}</td>
              <td>{format.count(row.errors)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

type TipProps = { x: number; y: number; width: number; children: ReactNode };

/** Says what is under the pointer, beside it. */
export function Tip({ x, y, width, children }: TipProps) {
  return (
    <div
      className={classes.tip}
      style={{ top: y, ...(x > width / 2 ? { right: width - x + 12 } : { left: x + 12 }) }}
    >
      {children}
    </div>
  );
}
