/**
 * XML request bodies, read into a shape; an element that the shape does not list is refused by name. As far as the SDK
 * and the CLI write XML: no prefixes, no document type. A list's items are named after the list, without its `s`.
 */
import { AwsError, notModelled } from '../errors.ts';
import type { Shape, StructureShape, Value } from '../shapes.ts';

interface Element {
  readonly name: string;
  readonly children: Element[];
  text: string;
}

/** @throws AwsError MalformedInput, InvalidInput */
export function readXml<S extends StructureShape>(root: string, shape: S, xml: string): Value<S> {
  const element = parse(xml);
  // Seen: the whole message is "ChangeBatch is not valid, expected ChangeResourceRecordSetsRequest".
  if (element.name !== root)
    throw new AwsError('MalformedInput', `${element.name} is not valid, expected ${root}`);
  return readValue(shape, element, root) as Value<S>;
}

const token =
  /<\?[^>]*\?>|<!--[\s\S]*?-->|<!\[CDATA\[(?<raw>[\s\S]*?)\]\]>|<\/(?<close>[\w.-]+)\s*>|<(?<open>[A-Za-z_][\w.-]*)(?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*(?<empty>\/?)>|(?<text>[^<]+)/y;

function parse(xml: string): Element {
  const top: Element = { name: '', children: [], text: '' };
  const stack = [top];
  token.lastIndex = 0;
  while (token.lastIndex < xml.length) {
    const at = token.lastIndex;
    const found = token.exec(xml)?.groups;
    const parent = stack.at(-1) ?? top;
    if (found === undefined) throw malformed(`cannot read it from character ${at} on`);
    const { raw, close, open, empty, text } = found;
    if (text !== undefined) parent.text += decode(text);
    else if (raw !== undefined) parent.text += raw;
    else if (open !== undefined) {
      const element = { name: open, children: [], text: '' };
      parent.children.push(element);
      if (empty === '') stack.push(element);
    } else if (close !== undefined) {
      if (parent.name !== close || stack.length === 1)
        throw malformed(`${close} ends where it did not begin`);
      stack.pop();
    }
  }
  const [root, ...others] = top.children;
  if (root === undefined || others.length > 0 || stack.length > 1) throw malformed('it is not one document');
  return root;
}

function readValue(shape: Shape, element: Element, path: string): unknown {
  if (typeof shape === 'string') return readText(shape, element.text, path);
  if ('list' in shape) {
    const item = element.name.replace(/s$/, '');
    return element.children.map((child, index) => {
      if (child.name !== item) throw unknownElement(`${path}.${child.name}`);
      return readValue(shape.list, child, `${path}[${index}]`);
    });
  }
  if ('map' in shape) throw new Error('no operation here takes a map');
  return Object.fromEntries(
    element.children.map((child) => {
      const at = `${path}.${child.name}`;
      const member = shape.structure[child.name];
      if (member === undefined) throw unknownElement(at);
      return [child.name, readValue(member, child, at)];
    }),
  );
}

function readText(shape: string, text: string, path: string): unknown {
  if (shape === 'string') return text;
  if (shape !== 'integer') throw new Error(`no operation here takes a ${shape}`);
  if (!/^-?\d+$/.test(text.trim()))
    // Words of the schema validator, unconfirmed: https://github.com/aws/aws-sdk-js/issues/71 shows one of its others.
    throw new AwsError(
      'InvalidInput',
      `Invalid XML ; cvc-datatype-valid.1.2.1: '${text}' is not a valid value for 'integer' (${path}).`,
    );
  return Number(text);
}

const entities: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex, decimal, name) => {
    if (name !== undefined) return entities[name] ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}

function unknownElement(path: string): AwsError {
  return notModelled(`the element ${path}`, 'InvalidInput');
}

function malformed(what: string): AwsError {
  return new AwsError('MalformedInput', `The body of the request is not valid: ${what}`);
}
