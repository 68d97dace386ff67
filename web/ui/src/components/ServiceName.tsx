import { colourOf, type ServiceColour } from '../lib/colour';
import { useTheme } from '../theme/use-theme';
import classes from './ServiceName.module.css';

/** A service's name beside its colour. The name is always there: colour never stands alone. */
export function ServiceName({ name, colour }: { name: string; colour: ServiceColour | undefined }) {
  const theme = useTheme();
  return (
    <span className={classes.service}>
      <span
        aria-hidden="true"
        className={colour?.striped ? `${classes.swatch} ${classes.striped}` : classes.swatch}
        style={{ backgroundColor: colourOf(colour, theme) }}
      />
      {name}
    </span>
  );
}
