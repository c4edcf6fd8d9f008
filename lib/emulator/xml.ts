/** XML replies of the query protocols: members in order, lists wrapped in `item` (EC2) or `member` (AWS Query), maps as `entry`. */
export function toXml(value: unknown, listItem: 'item' | 'member'): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map)
    return [...value]
      .map(
        ([key, item]) =>
          `<entry><key>${toXml(key, listItem)}</key><value>${toXml(item, listItem)}</value></entry>`,
      )
      .join('');
  if (Array.isArray(value))
    return value.map((item) => `<${listItem}>${toXml(item, listItem)}</${listItem}>`).join('');
  if (typeof value === 'object')
    return Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => `<${name}>${toXml(member, listItem)}</${name}>`)
      .join('');
  return escapeXml(String(value));
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}

/** JSON replies: timestamps are epoch seconds. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, function replace(this: Record<string, unknown>, key, item) {
    const raw = this[key];
    return raw instanceof Date ? raw.getTime() / 1000 : item;
  });
}
