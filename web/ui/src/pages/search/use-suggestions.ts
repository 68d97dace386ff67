import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useAttributeKeys, useAttributeValues, useOperations, useServices } from '../../api/queries';
import { writeCondition } from '../../lib/condition';
import { readTyped, SPECIAL, valuesOf } from '../../query/typed';

/** What the field would hold when it is taken; whole when that is a condition to add. */
export type Suggestion = { text: string; label: string; hint?: string; whole: boolean };

const MOST = 60;
const OPERATORS = ['=', '!=', '>', '>=', '<', '<='] as const;

/** What may follow what is typed: keys, then operators, then values, as far as the server knows them. */
export function useSuggestions(text: string, enabled: boolean, service: string): Suggestion[] {
  const { t } = useTranslation();
  const typed = useMemo(() => readTyped(text), [text]);
  const atKey = typed.stage === 'key';
  const keys = useAttributeKeys(typed.key, enabled && atKey && !typed.key.startsWith('@'));
  const values = useAttributeValues(unquoted(typed.key), atKey ? '' : typed.value, enabled && !atKey);
  const services = useServices();
  const operations = useOperations(service);
  return useMemo(() => {
    if (typed.stage === 'key') {
      const special = SPECIAL.filter((key) => key.includes(typed.key.toLowerCase()));
      const stored = typed.key.startsWith('@') ? [] : (keys.data ?? []);
      const attributes = new Map(stored.map(({ key, type }) => [key, type]));
      const exact = attributes.has(typed.key) || special.some((key) => key === typed.key);
      const offered: Suggestion[] = [];
      if (exact && typed.key !== '') {
        for (const operator of OPERATORS)
          offered.push({ text: typed.key + operator, label: `${typed.key} ${operator} …`, whole: false });
        const key = typed.key;
        offered.push(
          { text: key, label: `${key} ${t('search.exists')}`, whole: true },
          { text: `!${key}`, label: `${key} ${t('search.missing')}`, whole: true },
        );
      }
      const rest = [
        ...special.map((key) => ({
          key: key as string,
          hint: t(`query.special.${nameOf(key)}` as never) as string,
        })),
        ...[...attributes].map(([key, type]) => ({ key, hint: type as string })),
      ].filter(({ key }) => key !== typed.key);
      // Attributes first when a beginning of one is typed: that is what was meant.
      if (typed.key !== '' && !typed.key.startsWith('@')) rest.reverse();
      for (const { key, hint } of rest.slice(0, MOST)) {
        const written = /^[^\s"=!<>]+$/.test(key) ? key : JSON.stringify(key);
        offered.push(
          typed.negated
            ? { text: `!${written}`, label: `!${key}`, hint, whole: true }
            : { text: written, label: key, hint, whole: false },
        );
      }
      return offered;
    }
    const known =
      valuesOf(typed.key) ??
      (typed.key === '@service'
        ? (services.data ?? [])
        : typed.key === '@name'
          ? [...new Set((operations.data ?? []).map((one) => one.name))]
          : (values.data ?? []));
    const prefix = typed.value.toLowerCase();
    return [...new Set(known)]
      .filter((value) => value !== '' && value.toLowerCase().includes(prefix))
      .slice(0, MOST)
      .map((value) => ({
        text: writeCondition({ key: unquoted(typed.key), operator: typed.operator as '=', value }),
        label: value,
        whole: true,
      }));
  }, [typed, keys.data, values.data, services.data, operations.data, t]);
}

const nameOf = (key: string) =>
  key.slice(1).replace(/[._](\w)/g, (_, letter: string) => letter.toUpperCase());

const unquoted = (key: string) => {
  try {
    return key.startsWith('"') ? String(JSON.parse(key)) : key;
  } catch {
    return key;
  }
};
