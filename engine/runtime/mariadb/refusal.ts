import { messageOf, WikiferryError } from "../../errors";
import type { DatabaseSide, Side } from "../../move";

/** An error of the server (https://mariadb.com/kb/en/mariadb-error-code-reference/), or of mysql2 while it logs in. */
interface Refused {
  errno?: number;
  code?: string;
}

/** Why a server that answers refuses the login. */
type Reason =
  | "password"
  | "no password"
  | "plugin"
  | "locked"
  | "host"
  | "blocked"
  | "rights"
  | "full"
  | "tls";

const reasons: Readonly<Record<number, Reason>> = {
  1045: "password", // ER_ACCESS_DENIED_ERROR
  1698: "no password", // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
  1251: "plugin", // ER_NOT_SUPPORTED_AUTH_MODE
  1275: "plugin", // ER_SERVER_IS_IN_SECURE_AUTH_MODE
  1524: "plugin", // ER_PLUGIN_IS_NOT_LOADED
  1820: "locked", // ER_MUST_CHANGE_PASSWORD
  1862: "locked", // ER_MUST_CHANGE_PASSWORD_LOGIN
  4151: "locked", // ER_ACCOUNT_HAS_BEEN_LOCKED
  1130: "host", // ER_HOST_NOT_PRIVILEGED
  1129: "blocked", // ER_HOST_IS_BLOCKED
  1044: "rights", // ER_DBACCESS_DENIED_ERROR
  1040: "full", // ER_CON_COUNT_ERROR
  1203: "full", // ER_TOO_MANY_USER_CONNECTIONS
  1226: "full", // ER_USER_LIMIT_REACHED
  3159: "tls", // ER_SECURE_TRANSPORT_REQUIRED
};

/** Privileges that a statement lacks, in a session that is logged in. */
const lacksRights = new Set([
  1044, // ER_DBACCESS_DENIED_ERROR
  1142, // ER_TABLEACCESS_DENIED_ERROR
  1143, // ER_COLUMNACCESS_DENIED_ERROR
  1227, // ER_SPECIFIC_ACCESS_DENIED_ERROR
  1370, // ER_PROCACCESS_DENIED_ERROR
  1410, // ER_CANT_CREATE_USER_WITH_GRANT
]);

type Place = Pick<DatabaseSide, "side" | "adminUser"> & { admin: { host: string } };

/** Why a server that answers refuses the login, under a separate code; undefined for any other error. Pure. */
export function refusalOf(error: unknown, where: string, place: Place): WikiferryError | undefined {
  const { errno = 0, code } = error as Refused;
  const reason = /^AUTH_SWITCH_PLUGIN/.test(code ?? "") ? "plugin" : reasons[errno];
  if (!reason) return undefined;
  const verb = reason === "full" ? "takes no more connections of" : "rejects";
  const found = `${where} ${verb} ${place.adminUser} (${messageOf(error)})`;
  return new WikiferryError(codeOf(reason), found, remedy(reason, place), { cause: error });
}

/** What a logged-in account may not do; undefined for any other error. Pure. */
export function lackOfRights(error: unknown, side: Side): WikiferryError | undefined {
  const { errno = 0 } = error as Refused;
  if (!lacksRights.has(errno)) return undefined;
  return new WikiferryError(
    "DB_ACCESS_DENIED",
    `${side}'s administrative account lacks a privilege (${messageOf(error)})`,
    wholeRights,
    { cause: error },
  );
}

/** What the tool's account needs. */
export const wholeRights =
  "GRANT ALL ON *.* TO it WITH GRANT OPTION, or set an account that has all privileges";

function codeOf(reason: Reason): string {
  if (reason === "full") return "DB_CONNECTIONS";
  return reason === "tls" ? "DB_TLS_REQUIRED" : "DB_ACCESS_DENIED";
}

function remedy(reason: Reason, { side, adminUser, admin }: Place): string {
  // Green's account is the tool's own: no key of the config names another.
  const account =
    side === "green"
      ? `give ${adminUser} a password again (ALTER USER … IDENTIFIED BY …), the one that follows from masterSecret`
      : "make an account with all privileges and a password, and set blue.database.adminUser and blue.database.adminPassword to it";
  const socket = "set blue.database.sqlHost to the path of its socket (SELECT @@socket)";
  switch (reason) {
    case "password":
      return side === "green"
        ? "Set masterSecret to the one with which green was made"
        : // Before 11.4 a server that requires TLS says no more than that.
          `Set blue.database.adminPassword to the account's password; where the server wants TLS (require_secure_transport), ${socket}`;
    case "no password":
      if (side === "green") return `${adminUser} has no password any more: ${account}`;
      // By its socket already.
      if (admin.host.startsWith("/"))
        return `${adminUser} may log in only as the system user of that name (unix_socket): ${account}`;
      return `${adminUser} has no password and may log in through the socket only (unix_socket): ${socket} if SSH logs in as ${adminUser} there, else ${account}`;
    case "plugin":
      return `The account uses an authentication plugin that wikiferry does not know: ${account} (mysql_native_password)`;
    case "locked":
      return "ALTER USER … ACCOUNT UNLOCK, or give the account a new password where that one has expired";
    case "host":
      return "Create the account for the host that the message names: the tool connects from there";
    case "blocked":
      return "FLUSH HOSTS there: too many connections from that host failed (max_connect_errors)";
    case "rights":
      return wholeRights;
    case "full":
      return "Wait, or raise max_connections there (for this account alone: its limits of connections), then run again";
    case "tls":
      return side === "blue"
        ? `It requires TLS except through its socket (require_secure_transport): ${socket}`
        : "The tool logs in without TLS: remove require_secure_transport from its settings";
  }
}
