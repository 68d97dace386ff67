/** Why a file is no trace. The page has a sentence for each; path, want and got are parts of it. */
export type FileProblem =
  | { kind: 'notJson'; detail: string }
  | { kind: 'notTrace' }
  | { kind: 'empty' }
  | { kind: 'tooLarge'; bytes: number; most: number }
  | { kind: 'field'; path: string; want: Want; got: string };

/** What a field should have been. */
export type Want =
  | 'object'
  | 'list'
  | 'text'
  | 'traceId'
  | 'spanId'
  | 'nanoseconds'
  | 'microseconds'
  | 'integer'
  | 'process';

export class FileError extends Error {
  constructor(readonly problem: FileProblem) {
    super(
      problem.kind === 'field' ? `${problem.path}: want ${problem.want}, got ${problem.got}` : problem.kind,
    );
    this.name = 'FileError';
  }
}

const LONGEST_GOT = 80;

/** A value of a document that knows its place in it, so that what is wrong can be named. */
export class Field {
  /** name is its own in what it is a member or, as a number, an element of. */
  constructor(
    readonly value: unknown,
    private readonly name: string | number = '',
    private readonly of?: Field,
  ) {}

  /** Made only when something is wrong: a large file has millions of fields. */
  get path(): string {
    const above = this.of?.path ?? '';
    if (typeof this.name === 'number') return `${above}[${this.name}]`;
    return above === '' ? this.name : `${above}.${this.name}`;
  }

  fail(want: Want): never {
    const text = this.value === undefined ? 'undefined' : JSON.stringify(this.value);
    const got = text.length > LONGEST_GOT ? `${text.slice(0, LONGEST_GOT)}…` : text;
    throw new FileError({ kind: 'field', path: this.path, want, got });
  }

  get missing(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** A member by the first of its names that is there; protocol buffers' JSON allows two spellings. */
  at(...names: string[]): Field {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value))
      this.fail('object');
    const members = this.value as Record<string, unknown>;
    const name = names.find((one) => members[one] !== undefined && members[one] !== null) ?? names[0] ?? '';
    return new Field(Object.hasOwn(members, name) ? members[name] : undefined, name, this);
  }

  /** The elements; none when the list is missing. */
  list(): Field[] {
    if (this.missing) return [];
    if (!Array.isArray(this.value)) this.fail('list');
    return this.value.map((one, i) => new Field(one, i, this));
  }

  object(): this {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value))
      this.fail('object');
    return this;
  }

  /** "" when missing. */
  text(): string {
    if (this.missing) return '';
    return typeof this.value === 'string' ? this.value : this.fail('text');
  }

  /** A whole number, as such or as text, in 64 bits; undefined when missing. */
  integer(want: Want = 'integer'): bigint | undefined {
    if (this.missing) return undefined;
    const { value } = this;
    if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
    if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
    return this.fail(want);
  }

  count(): number {
    return Number(this.integer() ?? 0n);
  }

  /** 32 or 16 hex digits, or the same bytes in base64; shorter ids are filled up on the left. */
  id(want: 'traceId' | 'spanId'): string {
    const digits = want === 'traceId' ? 32 : 16;
    const { value } = this;
    if (typeof value !== 'string') return this.fail(want);
    const hex = /^[0-9a-f]+$/i.test(value) && value.length <= digits ? value : fromBase64(value, digits);
    if (hex === undefined || /^0*$/.test(hex)) return this.fail(want);
    return hex.toLowerCase().padStart(digits, '0');
  }

  /** "" when missing or all zeros, as some write that there is no parent. */
  optionalId(want: 'traceId' | 'spanId'): string {
    if (this.missing || (typeof this.value === 'string' && /^[0A]*=*$/.test(this.value))) return '';
    return this.id(want);
  }
}

function fromBase64(text: string, digits: number): string | undefined {
  if (!/^[\w+/-]+={0,2}$/.test(text)) return undefined;
  try {
    const bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    if (bytes.length * 2 !== digits) return undefined;
    return Array.from(bytes, (c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  } catch {
    return undefined;
  }
}
