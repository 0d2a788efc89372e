/** The path of a page by the wiki's article path, encoded as MediaWiki's `wfUrlencode` does. */
export function pathOf(articlePath: string, title: string): string {
  const encoded = encodeURIComponent(title.replaceAll(" ", "_")).replace(/%(3B|40|24|2C|2F|3A)/g, (code) =>
    decodeURIComponent(code),
  );
  return articlePath.replace("$1", encoded);
}
