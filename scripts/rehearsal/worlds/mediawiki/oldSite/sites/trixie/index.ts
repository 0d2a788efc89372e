import type { Site } from "../site";
import { settingsOf } from "./settings";

/**
 * Debian's MediaWiki 1.43 as its package lays it out, on Apache with PHP-FPM 8.4, with short addresses by an alias; bundled
 * extensions that call programs, and mail.
 */
export const trixie: Site = {
  suite: "trixie",
  mediawiki: "1.43",
  php: "8.4",
  webServer: "Apache",
  sitename: "Lighthouse Notes",
  metaNamespace: "Lighthouse",
  language: "en",
  mainPage: "Main Page",
  scriptPath: "/mediawiki",
  articlePath: "/wiki/$1",
  uploadPath: "/mediawiki/images",
  private: false,
  prefix: "",
  directories: {
    mediawiki: "/usr/share/mediawiki",
    settings: "/etc/mediawiki",
    uploads: "/var/lib/mediawiki/images",
  },
  extensions:
    "Cite,CategoryTree,CodeEditor,Gadgets,ImageMap,InputBox,ParserFunctions,PdfHandler,Poem,Scribunto,SyntaxHighlight_GeSHi,TemplateData,WikiEditor",
  settings: settingsOf,
  // Two pages, so that a page other than the first can be asked for.
  moreFiles:
    "rsvg-convert --format pdf --output 'Chart of the harbour.pdf' /usr/share/icons/Tango/scalable/places/network-server.svg /usr/share/icons/Tango/scalable/places/network-workgroup.svg",
  pages: [
    {
      title: "Module:Tide",
      model: "Scribunto",
      text: "local p = {}\nfunction p.hours( frame )\n\tlocal first = tonumber( frame.args[1] )\n\treturn string.format( '%02d:12, %02d:37', first, first + 12 )\nend\nreturn p\n",
    },
    { title: "Tide", text: "High water at {{#invoke:Tide|hours|4}}.", shows: "High water at 04:12, 16:37." },
    {
      title: "Signal code",
      text: '<syntaxhighlight lang="python" line>\ndef signal(lamp: str, seconds: int = 3) -> None:\n    for _ in range(seconds):\n        print(f"{lamp} on")  # one flash each second\n</syntaxhighlight>',
      shows: "mw-highlight-lang-python",
    },
    {
      title: "Chart",
      text: "[[File:Chart of the harbour.pdf|thumb|200px|The harbour]]\n[[File:Chart of the harbour.pdf|page=2|120px]]\n<ref>Of 1911</ref>\n<references />",
      shows: "page2-120px-Chart_of_the_harbour.pdf.jpg",
    },
    { title: "eLoran", text: "Begins with a small letter." },
    { title: "Timetable 1911", text: "<poem>\nSix bells\n  Seven bells\n</poem>" },
    { title: "Template:Lamp", text: "<includeonly>{{#if:{{{1|}}}|'''{{{1}}}'''|dark}}</includeonly>" },
    { title: "Lamps", text: "{{Lamp|red}} {{Lamp}} {{#expr:2+3}}", shows: "<b>red</b> dark 5" },
  ],
  addresses: [
    "/",
    "/robots.txt",
    "/favicon.ico",
    "/logo.png",
    "/notes",
    "/timetable/1911",
    "/dump.sql",
    "/mediawiki/images/README",
    "/no-such-file",
  ],
};
