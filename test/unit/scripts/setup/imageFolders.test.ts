import { suiteOf } from "../../../../scripts/setup/debian";
import {
  allImageFolders,
  imageFolders,
  oldSiteService,
  parentOf,
} from "../../../../scripts/setup/imageFolders";

test("an official image is replaced by the Debian release that it is based on", () => {
  expect(suiteOf("debian:bullseye-slim")).toBe("bullseye");
  expect(suiteOf("php:8.4-fpm-trixie")).toBe("trixie");
  expect(suiteOf("mariadb:10.11")).toBe("bookworm");
});

test("an old site's hosts on another release share what is alike, and nothing else is built for the usual one", () => {
  const usual = imageFolders().map(({ service }) => service);
  expect(usual.filter((service) => /bullseye|trixie/.test(service))).toEqual([]);
  const all = allImageFolders();
  for (const suite of ["bullseye", "trixie"] as const) {
    const folder = (role: string) => all.find(({ service }) => service === oldSiteService(suite, role));
    expect(folder("host")?.officialBase).toBe(`debian:${suite}-slim`);
    expect(folder("db")?.path).toBe(all.find(({ service }) => service === "blue-db")?.path);
    const web = folder("web");
    expect(web && parentOf(web, all)?.service).toBe(`blue-${suite}-host`);
    expect(web?.path).toMatch(new RegExp(`/sites/${suite}/image$`));
  }
});
