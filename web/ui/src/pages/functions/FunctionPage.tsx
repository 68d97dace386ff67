import { Title } from '@mantine/core';

export function FunctionPage() {
  return <Title order={1}>FunctionPage</Title>;
}
