import { CloseButton, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

type Props = { label: string; value: string; onChange: (value: string) => void; main?: boolean };

/** A field that filters while one types. What is typed shows at once; the address follows. main is what "/" goes to. */
export function FilterInput({ label, value, onChange, main = false }: Props) {
  const { t } = useTranslation();
  const [text, setText] = useState(value);
  // Going back, or a button that clears it, changes the address from outside.
  useEffect(() => setText(value), [value]);
  const change = (next: string) => {
    setText(next);
    onChange(next);
  };
  return (
    <TextInput
      size="xs"
      w={220}
      aria-label={label}
      placeholder={label}
      value={text}
      leftSection={<IconSearch size={14} aria-hidden="true" />}
      rightSection={
        text !== '' && <CloseButton size="xs" aria-label={t('fn.clear')} onClick={() => change('')} />
      }
      onChange={(event) => change(event.currentTarget.value)}
      {...(main && { 'data-search': true })}
    />
  );
}
