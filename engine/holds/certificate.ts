import type { Move } from "../context";
import { certificateServes, issueCertificate } from "../mariadb/tls/certificates";
import type { Hold, HoldInputs } from "./hold";

/** Its key follows from the master secret, and is kept nowhere. */
interface Outputs {
  ca: string;
  cert: string;
}

async function issue({ spec, secrets }: Move): Promise<Outputs> {
  const names = [spec.green.database.replication.host];
  const { ca, cert } = await issueCertificate(secrets.masterSecret, "green", names, new Date());
  return { ca, cert };
}

/** The certificate of green's database; made anew when it no longer serves, so that following never ends by a date. */
export const hold: Hold<HoldInputs, Outputs> = {
  create: issue,
  update: issue,
  async read({ spec, secrets }, { ca, cert }) {
    const serves = certificateServes(
      { ca, cert },
      secrets.masterSecret,
      [spec.green.database.replication.host],
      new Date(),
    );
    return serves ? { ca, cert } : undefined;
  },
  async remove() {},
};
