import { ActionIcon, TextInput, Tooltip } from '@mantine/core';
import { IconFilter, IconFilterOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attribute, SpanDetail } from '../../api/client';
import { CopyButton } from '../../components/CopyButton';
import { LongText } from './LongText';
import classes from './SpanPanel.module.css';
import { conditionFor } from './span-facts';

export function AttributesTab({ span }: { span: SpanDetail }) {
  const { t } = useTranslation();
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLowerCase();
  const matches = (a: Attribute) =>
    wanted === '' || a.key.toLowerCase().includes(wanted) || a.value.toLowerCase().includes(wanted);
  const groups = [
    { title: t('span.spanAttributes'), attributes: span.attributes, dropped: span.droppedAttributes },
    {
      title: t('span.resourceAttributes'),
      attributes: span.resource.attributes,
      dropped: span.resource.droppedAttributes,
    },
    {
      title: t('span.scopeAttributes'),
      attributes: span.scope.attributes,
      dropped: span.scope.droppedAttributes,
    },
  ].map((group) => ({ ...group, shown: group.attributes.filter(matches) }));
  const total = groups.reduce((sum, group) => sum + group.attributes.length, 0);
  if (total === 0) return <p className={classes.none}>{t('span.noAttributes')}</p>;
  return (
    <>
      <TextInput
        aria-label={t('span.filter')}
        placeholder={t('span.filter')}
        value={filter}
        size="xs"
        mb="sm"
        onChange={(event) => setFilter(event.currentTarget.value)}
      />
      {groups.every((group) => group.shown.length === 0) && (
        <p className={classes.none}>{t('span.noMatch')}</p>
      )}
      {groups.map(
        (group) =>
          group.shown.length > 0 && (
            <section key={group.title} className={classes.section}>
              <h3>{group.title}</h3>
              <AttributeList attributes={group.shown} dropped={group.dropped} searchable />
            </section>
          ),
      )}
    </>
  );
}

type ListProps = { attributes: readonly Attribute[]; dropped?: number; searchable?: boolean };

/** Typed attributes, each to be copied; searchable adds the way to other traces that have the same. */
export function AttributeList({ attributes, dropped = 0, searchable = false }: ListProps) {
  const { t } = useTranslation();
  return (
    <>
      <dl className={classes.attributes}>
        {attributes.map((attribute) => (
          <div key={attribute.key} className={classes.attribute}>
            <dt>
              <span>{attribute.key}</span>
              <span className={classes.type} title={t('span.typeOf', { type: attribute.type })}>
                {attribute.type}
              </span>
            </dt>
            <dd>
              <LongText
                text={pretty(attribute)}
                code={attribute.type === 'json' || attribute.value.includes('\n')}
                wholeBytes={attribute.wholeBytes}
              />
              <span className={classes.tools}>
                {attribute.wholeBytes === undefined && (
                  <CopyButton text={attribute.value} label={`${t('state.copy')}: ${attribute.key}`} />
                )}
                {searchable && <FilterBy attribute={attribute} />}
                {searchable && <FilterBy attribute={attribute} without />}
              </span>
            </dd>
          </div>
        ))}
      </dl>
      {dropped > 0 && <p className={classes.none}>{t('span.dropped', { count: dropped })}</p>}
    </>
  );
}

function FilterBy({ attribute, without = false }: { attribute: Attribute; without?: boolean }) {
  const { t } = useTranslation();
  const condition = conditionFor(attribute, without);
  const label = without ? t('spanMore.filterOut') : t('span.filterBy');
  const Icon = without ? IconFilterOff : IconFilter;
  if (condition === undefined) return null;
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={`${label}: ${attribute.key}`}
        renderRoot={(props) => <Link to="/traces" search={{ attr: [condition] }} {...props} />}
      >
        <Icon size={14} />
      </ActionIcon>
    </Tooltip>
  );
}

/** JSON is indented to be read; whatever is not JSON after all stays as it is. */
function pretty({ type, value, wholeBytes }: Attribute): string {
  if (type !== 'json' || wholeBytes !== undefined) return value;
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}
