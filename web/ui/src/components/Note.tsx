import { CloseButton } from '@mantine/core';
import { IconAlertTriangleFilled, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './Note.module.css';

type Props = {
  tone: 'error' | 'warning' | 'info';
  title?: string;
  onClose?: () => void;
  children: ReactNode;
};

/** A box that says something is wrong, odd, or worth knowing; by icon and words, not by colour alone. */
export function Note({ tone, title, onClose, children }: Props) {
  const { t } = useTranslation();
  const Icon = tone === 'error' ? IconAlertTriangleFilled : IconInfoCircle;
  return (
    <div className={classes.note} data-tone={tone} role={tone === 'error' ? 'alert' : 'status'}>
      <Icon size={17} aria-hidden="true" className={classes.icon} />
      <div className={classes.text}>
        {title && <strong>{title}</strong>}
        {children}
      </div>
      {onClose && <CloseButton size="sm" aria-label={t('state.close')} onClick={onClose} />}
    </div>
  );
}
