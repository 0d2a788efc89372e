import { createHash } from "node:crypto";

/** A file of MediaWiki's upload directory, as the database describes it. */
export interface ExpectedFile {
  /** Relative to the upload directory, such as `a/ab/Name.png`. */
  path: string;
  /** 40 hexadecimal digits; undefined where the database has none. */
  sha1: string | undefined;
  /** As recorded; undefined where that was not read. */
  bytes?: number;
}

export interface ImageRow {
  name: string;
  /** Base 36, 31 digits; empty where MediaWiki never computed it. */
  sha1: string;
  bytes?: number;
}

export interface OldImageRow extends ImageRow {
  /** `20260101000000!Name.png`; empty where a revision's file is lost. */
  archiveName: string;
  /** Bit 1: the file is hidden and lies under `deleted/`. */
  deleted: number;
}

export interface ArchivedRow {
  /** SHA-1 in base 36 and the extension, such as `…31 digits….png`. */
  storageKey: string;
}

/**
 * Where MediaWiki 1.39 keeps each file (`FileRepo::getHashPathForLevel`, `LocalRepo::getDeletedHashPath`).
 *
 * @param hashed `$wgHashedUploadDirectory`
 */
export class UploadLayout {
  constructor(private readonly hashed: boolean) {}

  current(row: ImageRow): ExpectedFile {
    return { path: this.hashPath(row.name) + row.name, sha1: hashOf(row.sha1), bytes: row.bytes };
  }

  /** Undefined where the database itself has no file. */
  old(row: OldImageRow): ExpectedFile | undefined {
    if (row.archiveName === "") return undefined;
    if ((row.deleted & 1) !== 0) {
      // A hidden file is named after its SHA-1.
      if (row.sha1 === "") return undefined;
      const extension = normalExtension(row.archiveName);
      return this.archived({ storageKey: extension ? `${row.sha1}.${extension}` : row.sha1 });
    }
    return {
      path: `archive/${this.hashPath(row.name)}${row.archiveName}`,
      sha1: hashOf(row.sha1),
      bytes: row.bytes,
    };
  }

  /** Undefined where the database itself has no file. */
  archived(row: ArchivedRow): ExpectedFile | undefined {
    const digits = /^[0-9a-z]{31}/.exec(row.storageKey)?.[0];
    if (digits === undefined) return undefined;
    const levels = this.hashed ? `${digits[0]}/${digits[1]}/${digits[2]}/` : "";
    return { path: `deleted/${levels}${row.storageKey}`, sha1: base36ToHex(digits) };
  }

  /** Directories that hold a file and its old versions, among others; none where all files lie in one. */
  directories(name: string): string[] {
    const path = this.hashPath(name);
    return path === "" ? [] : [path, `archive/${path}`];
  }

  private hashPath(name: string): string {
    if (!this.hashed) return "";
    const md5 = createHash("md5").update(name).digest("hex");
    return `${md5[0]}/${md5.slice(0, 2)}/`;
  }
}

function hashOf(digits: string): string | undefined {
  return digits === "" ? undefined : base36ToHex(digits);
}

/** Converts a SHA-1 from MediaWiki's base 36 to hexadecimal. */
export function base36ToHex(digits: string): string {
  let value = 0n;
  for (const digit of digits) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value.toString(16).padStart(40, "0");
}

/** `File::normalizeExtension` */
function normalExtension(name: string): string {
  const dot = name.lastIndexOf(".");
  const extension = dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
  const squish: Record<string, string> = {
    htm: "html",
    jpeg: "jpg",
    mpeg: "mpg",
    tiff: "tif",
    ogv: "ogg",
  };
  return squish[extension] ?? extension.replace(/[^0-9a-z]/g, "");
}
