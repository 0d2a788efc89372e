import type { DatabaseAccess } from "../../../move";

/** The option file of one client, for a server as seen from blue's host. */
export function accessFile(place: Pick<DatabaseAccess, "admin" | "adminUser">, password: string): string {
  const quoted = (text: string) => `"${text.replaceAll("\\", "\\\\")}"`;
  const { host, port } = place.admin;
  const where = host.startsWith("/") ? `socket=${quoted(host)}` : `host=${quoted(host)}\nport=${port}`;
  return `[client]\nuser=${quoted(place.adminUser)}\npassword=${quoted(password)}\n${where}\n`;
}
