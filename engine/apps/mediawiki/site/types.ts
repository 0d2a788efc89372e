/** Where a directive stands in blue's configuration. */
export interface Place {
  file: string;
  /** From 1. */
  line: number;
}

/** A directive of blue's web server that green does not take over. */
export interface NotCarried extends Place {
  /** As it is written there, on one line. */
  directive: string;
  why: string;
}

/** The site of green's web server, made from blue's configuration. */
export interface GreenSite {
  server: "apache" | "nginx";
  /** How PHP is run: in Apache, or by PHP-FPM in the same container. */
  php: "module" | "fpm";
  /** The server's configuration for the site, complete but for what green decides itself. */
  text: string;
  notCarried: NotCarried[];
  /** Files that the configuration names and that must be carried, such as one with passwords for a directory. */
  files: string[];
}
