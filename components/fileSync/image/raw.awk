# Names as rsync writes them, one a line, to names as they are, each ended by a NUL. A directory loses its slash, with
# which rsync would take what is in it too.
{
  rest = $0
  sub(/\/$/, "", rest)
  while (match(rest, /\\#[0-7][0-7][0-7]/)) {
    octal = substr(rest, RSTART + 2, 3)
    printf "%s%c", substr(rest, 1, RSTART - 1), substr(octal, 1, 1) * 64 + substr(octal, 2, 1) * 8 + substr(octal, 3, 1)
    rest = substr(rest, RSTART + 5)
  }
  printf "%s%c", rest, 0
}
