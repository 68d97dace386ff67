import { Title } from '@mantine/core';

export function FunctionsPage() {
  return <Title order={1}>FunctionsPage</Title>;
}
