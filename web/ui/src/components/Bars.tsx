import classes from './Bars.module.css';
import { useFormats } from './use-formats';

/** One bar, from a bound to the next; label says it in words. */
export type Bar = { from: string; to: string; value: number; label: string };

// Room for the number above the tallest bar and the bound below, of 8rem.
const TALLEST_PERCENT = 72;

/** A histogram of few bars. It is a list: its bars are read out as what they say. */
export function Bars({ label, bars }: { label: string; bars: readonly Bar[] }) {
  const format = useFormats();
  const most = Math.max(1, ...bars.map(({ value }) => value));
  return (
    <div className={classes.box}>
      <ul className={classes.bars} aria-label={label}>
        {bars.map(({ from, value, label: words }) => (
          <li key={from} className={classes.bar} title={words} aria-label={words}>
            <span className={classes.value} aria-hidden="true">
              {value > 0 ? format.compact(value) : ''}
            </span>
            <span
              className={classes.fill}
              style={{ height: `${(value / most) * TALLEST_PERCENT}%` }}
              aria-hidden="true"
            />
            <span className={classes.edge} aria-hidden="true">
              {from}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
