import { WikiferryError } from "../../errors";
import type { ContainerRef, MoveSpec, Side } from "../../move";
import { execInContainer } from "../../runtime/docker/exec";
import type { SshPool } from "../../runtime/ssh/pool";
import { quote } from "../../runtime/ssh/quote";
import { hashAllCommand, hashNamedCommand, parseHashes } from "./hashes";
import { type Link, linksCommand, parseLinks } from "./links";
import { parseRights, type Rights, rightsCommand } from "./rights";
import { trimmed, walkCommand } from "./tree";

export interface UploadSidesSpec {
  blue: { files: Pick<MoveSpec["blue"]["files"], "ssh" | "directory"> };
  green: { fileSync: ContainerRef & { directory: string } };
}

/** The upload directories of both sides: the operator reads blue's, file-sync reads green's. */
export class UploadSides {
  constructor(
    private readonly spec: UploadSidesSpec,
    private readonly pool: SshPool,
  ) {}

  directory(side: Side): string {
    const { blue, green } = this.spec;
    return side === "blue" ? blue.files.directory : green.fileSync.directory;
  }

  /** SHA-1 of every file that passes copy, by path. */
  async hashAll(side: Side): Promise<Map<string, string>> {
    return parseHashes(await this.shell(side, hashAllCommand(this.directory(side))));
  }

  /** SHA-1 of those of these files that exist. */
  async hashNamed(side: Side, paths: readonly string[]): Promise<Map<string, string>> {
    if (paths.length === 0) return new Map();
    const names = paths.map((path) => `./${path}\0`).join("");
    return parseHashes(await this.shell(side, hashNamedCommand(this.directory(side)), names));
  }

  /** Those of these paths at which there is no file, not behind a symbolic link either. */
  async missing(side: Side, paths: readonly string[]): Promise<string[]> {
    const directory = this.directory(side);
    const there = new Set(split(await this.shell(side, walkCommand(directory, "-type f -printf '%P\\0'"))));
    const doubtful = paths.filter((path) => !there.has(path));
    if (doubtful.length === 0) return [];
    const test = 'for f; do [ ! -f "$f" ] || printf "%s\\0" "$f"; done';
    const command = `cd ${quote(directory)} && xargs -0 -r sh -c ${quote(test)} sh`;
    const names = doubtful.map((path) => `./${path}\0`).join("");
    const behindLinks = new Set(split(await this.shell(side, command, names)));
    return doubtful.filter((path) => !behindLinks.has(`./${path}`));
  }

  async links(side: Side): Promise<Link[]> {
    return parseLinks(await this.shell(side, linksCommand(this.directory(side))));
  }

  /** Who owns blue's uploads. @throws `FILES_RIGHTS` */
  async rights(): Promise<Rights> {
    return parseRights(await this.shell("blue", rightsCommand(this.directory("blue"))));
  }

  /** Size of the uploads without thumbnails, in bytes. */
  async bytes(side: Side): Promise<number> {
    const directory = `${trimmed(this.directory(side))}/.`;
    const size = await this.shell(
      side,
      `du -sb --exclude=thumb --exclude=.wikiferry-replaced ${quote(directory)} | cut -f1`,
    );
    return Number(size.trim());
  }

  /** Size of what was replaced or deleted and is kept for the way back, in bytes. */
  async keptBytes(side: Side): Promise<number> {
    const kept = quote(this.kept(side));
    const size = await this.shell(side, `if [ -d ${kept} ]; then du -sb ${kept} | cut -f1; fi`);
    return Number(size.trim());
  }

  /** Removes what has been kept for longer than this. On green file-sync does it. */
  async forgetOldOnBlue(days: number): Promise<void> {
    const kept = quote(this.kept("blue"));
    await this.shell(
      "blue",
      `if [ -d ${kept} ]; then find ${kept} -mindepth 1 -maxdepth 1 -mtime +${days} -exec rm -rf {} +; fi`,
    );
  }

  /**
   * Removes blue's thumbnails of what is kept: they show files as they were before green replaced or deleted them, and
   * MediaWiki serves a thumbnail that exists without a look at its file. It makes them again on request.
   */
  async forgetStaleThumbnailsOnBlue(): Promise<void> {
    const files = "find . -mindepth 2 -type f -printf '%P\\0' | sed -z 's,^[^/]*/,,' | sort -zu";
    await this.shell(
      "blue",
      `cd ${quote(this.directory("blue"))} && if [ -d thumb ] && [ -d .wikiferry-replaced ]; then (cd .wikiferry-replaced && ${files}) | (cd thumb && xargs -0 -r rm -rf --); fi`,
    );
  }

  /** Removes everything that is kept. */
  async forgetKept(side: Side): Promise<void> {
    await this.shell(side, `rm -rf ${quote(this.kept(side))}`);
  }

  private kept(side: Side): string {
    return side === "blue" ? `${trimmed(this.directory("blue"))}/.wikiferry-replaced` : "/state/replaced";
  }

  private async shell(side: Side, command: string, stdin = ""): Promise<string> {
    const { blue, green } = this.spec;
    const result =
      side === "blue"
        ? await (await this.pool.to(blue.files.ssh)).exec(command, stdin)
        : await execInContainer(green.fileSync, ["sh", "-c", command], this.pool, { stdin });
    // 123: xargs saw a command fail, because a file vanished between finding and hashing.
    if (result.exitCode === 0 || result.exitCode === 123) return result.stdout;
    throw new WikiferryError(
      "FILES_HASH",
      `the uploads on ${side} can't be read (exit code ${result.exitCode}): ${result.stderr.trim().slice(-300)}`,
      `See the rights of ${this.directory(side)} there`,
    );
  }
}

function split(output: string): string[] {
  return output.split("\0").slice(0, -1);
}
