import { IconAlertTriangleFilled } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './Figures.module.css';

export type Figure = {
  label: string;
  value: ReactNode /** Something is wrong; said by a sign too. */;
  bad?: boolean;
};

/** The numbers that matter most, in a row. */
export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl className={classes.figures}>
      {figures.map(({ label, value, bad }) => (
        <div key={label} className={classes.figure} data-tone={bad ? 'error' : undefined}>
          <dt title={label}>{label}</dt>
          <dd>
            {bad && <IconAlertTriangleFilled size={14} aria-hidden="true" />}
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}
