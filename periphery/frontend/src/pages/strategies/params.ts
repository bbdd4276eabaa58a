/** Parameters as people write them: name=value, one after another. */
export function parse(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const part of text.split(/[\s,]+/).filter(Boolean)) {
    const at = part.indexOf("=");
    if (at < 1 || at === part.length - 1) throw new Error(`${part}: write name=value`);
    found[part.slice(0, at)] = part.slice(at + 1);
  }
  return found;
}
