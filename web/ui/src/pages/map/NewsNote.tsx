import { useTranslation } from 'react-i18next';
import { Note } from '../../components/Note';
import classes from './MapPage.module.css';
import type { News } from './use-news';

const SHOWN = 6;

type Props = { news: readonly News[]; onSelect: (id: string) => void; onClose: () => void };

/** Says what came or began to fail since the map was opened. */
export function NewsNote({ news, onSelect, onClose }: Props) {
  const { t } = useTranslation();
  if (news.length === 0) return null;
  return (
    <Note tone="warning" onClose={onClose}>
      {t('map.news')}{' '}
      {news.slice(0, SHOWN).map(({ id, name, word }) => (
        <button key={id} type="button" className={classes.newsItem} onClick={() => onSelect(id)}>
          {name} ({t(`map.newsWord.${word}`)})
        </button>
      ))}
      {news.length > SHOWN && t('map.newsMore', { count: news.length - SHOWN })}
    </Note>
  );
}
