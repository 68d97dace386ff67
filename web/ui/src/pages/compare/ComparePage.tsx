import { Title } from '@mantine/core';

export function ComparePage() {
  return <Title order={1}>ComparePage</Title>;
}
