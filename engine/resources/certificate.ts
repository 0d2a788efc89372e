import type { MoveSpec } from "../move";
import { certificateServes, issueCertificate } from "../movers/mariadb/tls/certificates";
import { type EngineSession, openSession } from "../session";
import type { ResourceHandler } from "./handler";

/** `name` is the host name that blue's server connects to. */
const slice = ({ green }: MoveSpec) => ({ name: green.database.replication.host });

type Session = EngineSession<ReturnType<typeof slice>>;

/** Its key is derived from the master secret and stored nowhere. */
interface Outputs {
  ca: string;
  cert: string;
}

async function issue({ spec, secrets }: Session): Promise<Outputs> {
  const { ca, cert } = await issueCertificate(secrets.masterSecret, "green", [spec.name], new Date());
  return { ca, cert };
}

/** The certificate of green's database. It is renewed before it expires, so that replication never ends on a date. */
export const handler: ResourceHandler<Session, object, Outputs> = {
  slice,
  open: openSession,
  create: issue,
  update: issue,
  async read({ spec, secrets }, { ca, cert }) {
    const serves = certificateServes({ ca, cert }, secrets.masterSecret, [spec.name], new Date());
    return serves ? { ca, cert } : undefined;
  },
  async remove() {},
};
