import type { Move } from "../context";
import { certificateServes, issueCertificate } from "../mariadb/tls/certificates";
import type { Hold, HoldInputs } from "./hold";

interface Outputs {
  ca: string;
  cert: string;
  key: string;
}

function issue({ spec, secrets }: Move): Promise<Outputs> {
  return issueCertificate(secrets.masterSecret, "green", [spec.green.database.replication.host], new Date());
}

/** The certificate of green's database; made anew when it no longer serves, so that following never ends by a date. */
export const hold: Hold<HoldInputs, Outputs> = {
  create: issue,
  update: issue,
  async read({ spec, secrets }, { ca, cert, key }) {
    const serves = certificateServes(
      { ca, cert },
      secrets.masterSecret,
      [spec.green.database.replication.host],
      new Date(),
    );
    return serves ? { ca, cert, key } : undefined;
  },
  async remove() {},
};
