import classes from './Sparkline.module.css';

type Props = {
  values: readonly number[];
  /** Steps with failed calls get a mark at the bottom. */
  errors?: readonly number[];
  label: string;
};

const WIDTH = 96;
const HEIGHT = 22;

/** A small line in a table; its label says what matters to who cannot see it. */
export function Sparkline({ values, errors = [], label }: Props) {
  const most = Math.max(1, ...values);
  const x = (i: number) => (values.length > 1 ? (i / (values.length - 1)) * WIDTH : WIDTH / 2);
  const points = values.map(
    (value, i) => `${x(i).toFixed(1)},${(HEIGHT - 3 - (value / most) * (HEIGHT - 5)).toFixed(1)}`,
  );
  return (
    <svg
      className={classes.spark}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <polyline className={classes.line} points={points.join(' ')} />
      {errors.map((count, i) =>
        count > 0 ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: a step is known by its place
          <rect key={i} className={classes.error} x={x(i) - 1} y={HEIGHT - 3} width={2} height={3} />
        ) : null,
      )}
    </svg>
  );
}
