import { Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import classes from './Panel.module.css';

type Props = {
  title: string;
  /** What one should know to read it. */
  note?: ReactNode;
  tools?: ReactNode;
  /** Draws a box around it, for what has no border of its own. */
  boxed?: boolean;
  children: ReactNode;
};

/** A part of a page under its own title. */
export function Panel({ title, note, tools, boxed, children }: Props) {
  const id = useId();
  return (
    <section className={classes.panel} aria-labelledby={id}>
      <div className={classes.head}>
        <Title order={2} size="h3" id={id}>
          {title}
        </Title>
        {note && <span className={classes.note}>{note}</span>}
        {tools && <div className={classes.tools}>{tools}</div>}
      </div>
      {boxed ? <div className={classes.boxed}>{children}</div> : children}
    </section>
  );
}
