import { Skeleton, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './OverviewPage.module.css';

type Props = { title: string; hint?: ReactNode; actions?: ReactNode; children: ReactNode };

/** A part of the page with its heading, what it holds in few words, and what can be done with it. */
export function Panel({ title, hint, actions, children }: Props) {
  return (
    <section className={classes.panel} aria-label={title}>
      <header className={classes.panelHead}>
        <Title order={2} size="h4">
          {title}
        </Title>
        <span className={classes.hint}>{hint}</span>
        {actions}
      </header>
      {children}
    </section>
  );
}

/** What a panel is to hold, while it is on its way. */
export function PanelSkeleton({ height }: { height: number }) {
  return (
    <div className={classes.skeleton}>
      <Skeleton height={height} />
    </div>
  );
}
