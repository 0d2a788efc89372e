import { openFileStore } from "../../../engine/control/file/fileStore";
import { primaryOf, type RoleClaim, type RoleViews } from "../../../engine/control/primary";
import type { ControlStore } from "../../../engine/control/store";
import type { Side } from "../../../engine/move";
import type { Report } from "../../../engine/progress";

/** What is moved: absolute paths. */
export interface DirectoryMove {
  name: string;
  blue: string;
  green: string;
  /** The symbolic link by which the files are reached. */
  link: string;
  /** Where the move keeps its records. */
  control: string;
}

export interface Session {
  readonly spec: DirectoryMove;
  readonly store: ControlStore;
  readonly report: Report;
  close(): Promise<void>;
}

export function openDirectories(spec: DirectoryMove, _credentials: unknown, report: Report): Session {
  return { spec, store: openFileStore(spec.control), report, close: async () => {} };
}

/** One store holds the record of both sides. */
export const viewsOf = <Claim extends RoleClaim>(record: Claim | undefined): RoleViews<Claim> => ({
  blue: record,
  green: record,
});

/** @throws `CTRL_NO_ROLE` */
export const primarySide = async ({ store }: Pick<Session, "store">): Promise<Side> =>
  primaryOf(viewsOf(await store.role.read())).side;
